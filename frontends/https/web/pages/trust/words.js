/* What the lists and switches of a trust group are for people. */
export const LISTS = [
	{ key: "trusted-certs", count: "trusted_certs", text: "Trusted certificates", short: "Trusted",
	  hint: "Peers that are trusted, and CAs: whoever has a certificate by one is trusted, too." },
	{ key: "trusted-crls", count: "trusted_crls", text: "Their CRLs", short: "CRLs",
	  hint: "Which certificates the trusted CAs have revoked." },
	{ key: "issuer-certs", count: "issuer_certs", text: "Issuer certificates", short: "Issuers",
	  hint: "CAs that only complete a chain; nobody is trusted by them alone." },
	{ key: "issuer-crls", count: "issuer_crls", text: "Issuers’ CRLs", short: "Issuers’ CRLs",
	  hint: "Which certificates those CAs have revoked." },
];

export const POLICIES = [
	{ value: "required", text: "A current CRL of each CA is required" },
	{ value: "where-known", text: "CRLs are looked at where there are any" },
	{ value: "none", text: "CRLs are not looked at" },
];

export const isCrlList = (list) => list.endsWith("crls");
