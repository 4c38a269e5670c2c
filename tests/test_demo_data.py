"""The demo data can be loaded anew, and shows each part of a link's life."""

from odoo.modules.module import Manifest
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools.convert import convert_file

ADDON = "serviceflow_paylinks"
STATES = {
    "link_toilet": "paid",
    "link_boiler_repair": "paid",
    "link_air_conditioning": "expired",
    "link_end_of_lease": "settled",
    "link_radiators": "active",
    "link_riser": "processing",
    "link_thermostats": "cancelled",
    "link_burst_pipe": "active",
}


@tagged("post_install", "-at_install")
class TestDemoData(TransactionCase):
    def test_loads_and_shows_every_state(self):
        if not self.env.ref("base.user_demo", raise_if_not_found=False):
            clerk = new_test_user(self.env, "demo", "base.group_user")
            self.env["ir.model.data"].create(
                {"module": "base", "name": "user_demo", "model": "res.users", "res_id": clerk.id}
            )
        for file in Manifest.for_addon(ADDON)["demo"]:
            convert_file(self.env, ADDON, file, {}, "init", noupdate=True)
        states = {name: self.env.ref(f"{ADDON}.{name}").state for name in STATES}
        self.assertEqual(states, STATES)
        figures = self.env["payment.link"].get_hub_overview()["figures"]
        self.assertGreater(figures["sent_and_paid"]["seconds"], 3600)
