# make demo    Odoo with the addon, demo data and a Stripe to pay with, until Ctrl-C
# make test    every test; ARGS="-k name" for pytest's options, TESTS=tests/test_x.py for some of them
# make lint    every check of the sources; `make format` puts right what can be put right by itself
# make bench   the figures we state, beside stock Odoo's; N=10000 for more links
# make clean   remove all that the above have made
#
# All of it lives in .dev/. Wanted on the machine: python3, make, git and apt (Debian).

PYTHON ?= python3
COMMANDS := demo test lint format bench clean
export ARGS TESTS N

.PHONY: help $(COMMANDS)

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

$(COMMANDS):
	@$(PYTHON) -m dev $@
