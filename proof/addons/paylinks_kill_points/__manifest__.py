{
    "name": "Payment links: points to die at",
    "summary": "For `make kills` only: a process that reaches an ordered point kills itself",
    "version": "19.0.1.0.0",
    "author": "ServiceFlow",
    "license": "LGPL-3",
    "depends": ["serviceflow_paylinks"],
    "installable": False,
    "post_load": "arm",
}
