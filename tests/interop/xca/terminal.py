#!/usr/bin/env python3
"""terminal.py PASSWORD COMMAND...

Runs a command on a terminal of its own and answers each question for a password. XCA asks for
the passwords of files nowhere else.
"""
import os
import pty
import sys
import termios
import time

LOCAL_MODES = 3  # in what tcgetattr() returns


def read(terminal):
    shown = os.read(terminal, 4096)
    if b"Password:" in shown:
        # It asks first, and then switches the echo off, which drops what was typed until then.
        while termios.tcgetattr(terminal)[LOCAL_MODES] & termios.ECHO:
            time.sleep(0.001)
        os.write(terminal, sys.argv[1].encode() + b"\n")
    return shown


sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read)))
