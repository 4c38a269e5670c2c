import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {session} from "@web/session";

function paymentLinksItem(env) {
    return {
        type: "item",
        id: "payment_links",
        description: _t("Payment Links"),
        href: "/odoo/payment-links",
        callback: () =>
            env.services.action.doAction("serviceflow_paylinks.payment_link_action", {
                clearBreadcrumbs: true,
            }),
        // Stripe is connected and the user may view: `ir.http`.
        show: () => session.paylinks_in_user_menu,
        sequence: 45,
    };
}

registry.category("user_menuitems").add("payment_links", paymentLinksItem);
