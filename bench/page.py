"""How long the customer's page takes beside Odoo's login page and its portal page of the same
invoice: in one process, without the network, each visitor without cookies.

make bench
"""

import base64
import io
import os
import statistics
import time

from odoo.http import root
from PIL import Image
from werkzeug.test import Client

ROUNDS = int(os.environ.get("ROUNDS", "200"))
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
