# make demo    Odoo with the addon, demo data and a Stripe to pay with, until Ctrl-C
# make test    every test; ARGS="-k name" for pytest's options, TESTS=tests/test_x.py for some of them,
#              COVERAGE=1 to be told which lines they reach (slower)
# make lint    every check of the sources; `make format` puts right what can be put right by itself
# make gallery the customer's page in every state, as pictures in .dev/screenshots/sheets/
# make bench   the figures we state, beside stock Odoo's; N=10000 for more links
# make chaos   random histories that try to break the books; N=10000 for more, SEED=… to repeat some
# make mutate  faults put in on purpose, one at a time: each must be found, by the histories
#              or, where one process cannot, by the tests that tests/chaos/faults.py names
# make kills   kill Odoo's workers while customers pay, N=50 times, and check the books (docs/proof.md)
# make load    50 customers paying at once, and how long they wait (docs/proof.md)
# make clean   remove all that the above have made
#
# All of it lives in .dev/. Wanted on the machine: python3, make, git and apt (Debian).

PYTHON ?= python3
COMMANDS := demo test lint format gallery bench chaos mutate kills load clean
export ARGS TESTS COVERAGE N SEED FAULTS

.PHONY: help $(COMMANDS)

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

$(COMMANDS):
	@$(PYTHON) -m dev $@
