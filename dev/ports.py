"""Free TCP ports on the loopback address, each claimed by one process of ours at a time."""

import socket

HOST = "127.0.0.1"
_claims = {}


def claim(preferred=0):
    """The preferred port if nobody has it, else any free one; ours until `release`.

    Between the look and the moment a server listens, another checkout could take the same port.
    A name in Linux's abstract socket namespace stands for the claim; it dies with this process.
    """
    for port in (preferred, *[0] * 20):
        port = _bindable(port)
        if port and _take(port):
            return port
    raise OSError("no free TCP port")


def release(port):
    """Give a claimed port back."""
    claimed = _claims.pop(port, None)
    if claimed:
        claimed.close()


def _bindable(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return None
        return probe.getsockname()[1]


def _take(port):
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0serviceflow-paylinks-port-{port}")
    except OSError:
        mark.close()
        return False
    _claims[port] = mark
    return True
