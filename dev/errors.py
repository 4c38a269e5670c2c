"""The one error the tooling raises on purpose."""


class DevError(Exception):
    """Something the person at the keyboard can act on; its text is printed as it is."""


class Interrupted(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived: stop what was started and leave."""

    def __init__(self, signum):
        super().__init__(signum)
        self.signum = signum
