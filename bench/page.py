"""How long the customer's page takes beside Odoo's login page and its portal page of the same
invoice: in one process, each visitor without cookies. First the server's part, without the network;
then what a customer waits for, in Chromium on this machine with nothing in its cache: until the
page is painted, and how much it fetched for that.

make bench
"""

import base64
import io
import os
import resource
import statistics
import threading
import time
from functools import partial

from odoo.http import root
from PIL import Image
from playwright.sync_api import sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

ROUNDS = int(os.environ.get("ROUNDS", "200"))
LOOKS = int(os.environ.get("LOOKS", "15"))
env = env  # noqa: F821, PLW0127  given by `odoo shell`

logo = io.BytesIO()
Image.effect_noise((800, 300), 80).convert("RGB").save(logo, "PNG")
env.company.write({"logo": base64.b64encode(logo.getvalue()), "primary_color": "#0e7490"})
provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
provider.write(
    {"state": "test", "stripe_secret_key": "sk_test_x", "stripe_publishable_key": "pk_test_x"}
)
partner = env["res.partner"].create({"name": "Nora Whitfield", "email": "nora@example.com"})
lines = [
    (0, 0, {"name": f"Job {number}", "price_unit": 10 + number, "tax_ids": False})
    for number in range(12)
]
invoice = env["account.move"].create(
    {"move_type": "out_invoice", "partner_id": partner.id, "invoice_line_ids": lines}
)
invoice.action_post()
link = invoice.generate_payment_links()
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
pages = {
    "our page": f"/pay/{link.token}",
    "Odoo's login page": "/web/login",
    "Odoo's portal invoice": invoice.get_portal_url(),
}
env.cr.commit()  # the requests have transactions of their own
taken, weight = {name: [] for name in pages}, {}


def visit(path):
    """Milliseconds of a first visit, and the bytes of its page alone."""
    client = Client(root)
    start = time.perf_counter()
    answer = client.get(path, headers={"User-Agent": PHONE, "Accept-Language": "en"})
    passed = (time.perf_counter() - start) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status}")
    return passed, len(answer.data)


for number in range(ROUNDS + 10):
    for name, path in pages.items():  # by turns: what slows one down slows down all
        passed, weight[name] = visit(path)
        if number >= 10:
            taken[name].append(passed)

for name, values in taken.items():
    p50, p90 = statistics.median(values), statistics.quantiles(values, n=10)[-1]
    print(
        f"{name:22} p50 {p50:6.1f} ms   p90 {p90:6.1f} ms   {weight[name] / 1024:5.1f} KB of HTML"
    )


class Silent(WSGIRequestHandler):
    def log_request(self, *_args):
        pass


TIMES = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const all = [page, ...performance.getEntriesByType("resource")];
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    return [paint.startTime, page.loadEventEnd, all.length,
            all.reduce((sum, entry) => sum + entry.transferSize, 0)];
}"""


def open_cold(browser, url):
    """Milliseconds until painted and until loaded, requests, bytes."""
    # Without the page's own policy, which would keep our look at its times out.
    context = browser.new_context(
        user_agent=PHONE, viewport={"width": 360, "height": 740}, bypass_csp=True
    )
    page = context.new_page()
    page.goto(url, wait_until="load")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    page.wait_for_timeout(50)
    times = page.evaluate(TIMES)
    context.close()
    return times


server = make_server("127.0.0.1", 0, root, threaded=True, request_handler=Silent)
threading.Thread(target=partial(server.serve_forever, 0.05), daemon=True).start()
# Odoo limits its own memory, and so that of the programs it starts: too little for Chromium.
_soft, most = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
seen = {name: [] for name in pages}
with sync_playwright() as playwright:
    program = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    browser = playwright.chromium.launch(
        executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
    )
    for number in range(LOOKS + 2):
        for name, path in pages.items():
            times = open_cold(browser, f"http://127.0.0.1:{server.port}{path}")
            if number >= 2:  # the bundles are made by then
                seen[name].append(times)
    browser.close()
server.shutdown()
for name, rows in seen.items():
    painted, loaded, requests, size = map(statistics.median, zip(*rows, strict=True))
    print(
        f"{name:22} painted {painted:6.0f} ms   loaded {loaded:6.0f} ms"
        f"   {requests:3.0f} requests   {size / 1024:7.1f} KB"
    )
