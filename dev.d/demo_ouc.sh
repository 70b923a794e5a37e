# shellcheck shell=bash
# The part of ./dev run in which two controllers talk: each has a TPM, a keystored and a
# keystore-ouc in a directory of its own.

ouc_port=2000

demo_ouc() { # DIR
	local dir=$1/controllers plc other
	say "Two controllers, PLC-1 and PLC-2, each with a TPM of its own"
	for plc in plc-1 plc-2; do
		rm -rf "${dir:?}/$plc"
		service_up "$dir/$plc" >/dev/null
		in_plc "$dir" "$plc" demo_ouc_certificate "$plc"
	done
	for plc in plc-1 plc-2; do
		other=$(other_of "$plc")
		in_plc "$dir" "$plc" show "keystorectl trust add ouc ../$other/ca.pem"
	done
	say "TRCV_C on PLC-2 waits, TSEND_C on PLC-1 connects and sends each second, by TLS"
	while port_is_taken "$ouc_port"; do ouc_port=$((ouc_port + 1)); done
	in_plc "$dir" plc-2 demo_ouc_receiver
	wait_until 20 port_is_taken "$ouc_port" || die "PLC-2 does not listen"
	in_plc "$dir" plc-1 demo_ouc_sender
	in_plc "$dir" plc-1 show 'keystore-ouc-ctl send Send Var1=TRUE Var2="Hello World!" --wait'
	in_plc "$dir" plc-2 wait_until 20 received 'Hello World!' || die "the message did not arrive"
	in_plc "$dir" plc-2 show 'keystore-ouc-ctl get Received_Data'
	in_plc "$dir" plc-2 show 'keystore-ouc-ctl show Receive'
	say "PLC-2's certificate is renewed while data flow; the connection stays"
	in_plc "$dir" plc-2 show 'keystorectl cert renew 3 --rekey | grep -E "^(private key|history)"'
	in_plc "$dir" plc-1 show 'keystore-ouc-ctl send Send Var2="after the renewal" --wait'
	in_plc "$dir" plc-2 show 'keystore-ouc-ctl list'
}

other_of() { # PLC
	[ "$1" = plc-1 ] && echo plc-2 || echo plc-1
}

port_is_taken() { # PORT
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

received() { # TEXT
	keystore-ouc-ctl get Received_Data | grep -qF "$1"
}

# Runs "$@" on a controller: in its directory, with its keystored and its keystore-ouc.
in_plc() { # DIR PLC COMMAND...
	local dir=$1/$2 plc=$2 short runtime
	short=$(short_name_of "$dir")
	runtime=$short/ouc
	shift 2
	(
		cd "$dir" || exit
		export KEYSTORE_SOCKET=$short/keystored.sock KEYSTORE_OUC_SOCKET=$runtime/control.sock \
			OPENSSL_MODULES=$top/build/dev/lib
		prompt=$plc
		"$@"
	)
}

demo_ouc_certificate() { # PLC
	show 'keystorectl project init >/dev/null'
	show "keystorectl cert create --profile tls-client-server --issuer 2 --new-key $1 --algorithm ec-p256 --subject CN=$1 --san DNS:$1.plant.example,IP:127.0.0.1 | grep -E '^(subject|private key)'"
	show "keystorectl service create $1 --kind ouc --cert 3 --group ouc --uid \$(id -u) >/dev/null"
	show 'keystorectl cert export 2 > ca.pem; keystorectl crl export 2 >> ca.pem'
}

demo_ouc_receiver() {
	cat >keystore-ouc.conf <<-END
		[block Received_Data]
		Var1 = Bool
		Var2 = String

		[Receive]
		Type = TCON_IP_V4_SEC
		ID = 1
		ActiveEstablished = FALSE
		LocalPort = $ouc_port
		ActivateSecureConn = TRUE
		TLSServerReqClientCert = TRUE
		TLSServerCertRef = 3
		TRCV_C = Received_Data
	END
	demo_ouc_start
}

demo_ouc_sender() {
	cat >keystore-ouc.conf <<-END
		[block Send_Data]
		Var1 = Bool
		Var2 = String

		[Send]
		Type = TCON_IP_V4_SEC
		ID = 1
		ActiveEstablished = TRUE
		RemoteAddress = 127.0.0.1
		RemotePort = $ouc_port
		ActivateSecureConn = TRUE
		TLSClientCertRef = 3
		TSEND_C = Send_Data
		REQ = 1 s
	END
	demo_ouc_start
}

demo_ouc_start() {
	show 'keystore-ouc --check keystore-ouc.conf'
	mkdir -p ouc
	start keystore-ouc "$bin/keystore-ouc" --config keystore-ouc.conf \
		--runtime "$runtime"
	wait_until 20 keystore-ouc-ctl list >/dev/null 2>&1 || fail_to_start keystore-ouc
}

demo_ouc_explain() { # DIR
	local short
	short=$(short_name_of "$1/controllers/plc-2")
	cat <<END

The controllers go on talking. See what arrives at PLC-2:
  keystore-ouc-ctl --socket $short/ouc/control.sock watch
END
}

demo_ouc_down() { # DIR
	local plc
	for plc in plc-1 plc-2; do
		[ ! -d "$1/controllers/$plc" ] || service_down "$1/controllers/$plc" >/dev/null
	done
}
