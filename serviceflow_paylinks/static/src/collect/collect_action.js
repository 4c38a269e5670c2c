import { registry } from "@web/core/registry";

/**
 * Opens an invoice, and collecting on it above: `/odoo/<invoice>/collect-payment`.
 *
 * An action of its own because the address of a dialog cannot be opened. The invoice's address
 * replaces this one, so that reloading the page shows the invoice alone.
 */
async function collect(env, action) {
    const invoice = action.context?.active_id;
    if (!invoice) {
        return "serviceflow_paylinks.payment_link_action";
    }
    const list = { action: "customer-invoices" };
    const form = { ...list, resId: invoice };
    await env.services.action.loadState({ ...form, actionStack: [list, form] });
    return env.services.orm.call("account.move", "action_generate_payment_link", [[invoice]]);
}
collect.path = "collect-payment";

registry.category("actions").add("serviceflow_paylinks.collect", collect);
