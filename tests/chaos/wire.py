"""The line between Odoo and Stripe, on which more can happen than on Stripe's own side."""

from fnmatch import fnmatchcase

from sandbox.inprocess import InProcessClient

from .browser import Killed


class Wire(InProcessClient):
    """The sandbox under the Stripe SDK; the process can die in a call, and the world goes on."""

    def __init__(self, sandbox, **options):
        super().__init__(sandbox, **options)
        self.clear()

    def clear(self):
        """Withdraw every order."""
        self._death = self._meanwhile = None

    def die(self, call, after_effect):
        """Let the process end in its next such call: before Stripe hears of it, or after.

        :param call: patterns (method, path)
        """
        self._death = (call, after_effect)

    def meanwhile(self, call, after_effect, action):
        """Do something else while the next such call is on its way, or its answer is.

        :param action: function of nothing
        """
        self._meanwhile = (call, after_effect, action)

    def request(self, method, url, headers, post_data=None, *, _usage=None):
        """One attempt, as the real client makes it, and what was ordered for it."""
        death = self._take("_death", method, url)
        meanwhile = self._take("_meanwhile", method, url)
        if meanwhile and not meanwhile[1]:
            meanwhile[2]()
        if death and not death[1]:
            raise Killed
        try:
            return super().request(method, url, headers, post_data, _usage=_usage)
        finally:
            if meanwhile and meanwhile[1]:
                meanwhile[2]()
            if death:
                raise Killed

    def _take(self, name, method, url):
        """Return the order if it is for this call; it is carried out once."""
        order = getattr(self, name)
        path = url.split("://", 1)[-1]
        path = path[path.index("/") :].partition("?")[0]
        if not order or not all(map(fnmatchcase, (method.upper(), path), order[0])):
            return None
        setattr(self, name, None)
        return order
