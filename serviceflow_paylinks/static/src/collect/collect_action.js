import {user} from "@web/core/user";
import {registry} from "@web/core/registry";

const HUB = "serviceflow_paylinks.payment_link_action";
// Others may ask for an invoice's payment, but Odoo's form of it is not for them.
const WHO_OPENS_INVOICES = ["account.group_account_invoice", "account.group_account_readonly"];

/**
 * Opens an invoice, and collecting on it above: `/odoo/<invoice>/collect-payment`.
 *
 * An action of its own because the address of a dialog cannot be opened. The invoice's address
 * replaces this one, so that reloading the page shows the invoice alone.
 */
async function collect(env, action) {
    const invoice = action.context?.active_id;
    if (!invoice) {
        return HUB;
    }
    const show = await showInvoice(env, invoice);
    await show();
    return env.services.action.doActionButton({
        type: "object",
        resModel: "account.move",
        resId: invoice,
        name: "action_collect_payment",
        context: {},
        onClose: show,
    });
}
collect.path = "collect-payment";

/** Returns what shows the invoice as it is now: its form, or the hub. */
async function showInvoice(env, invoice) {
    const rights = await Promise.all(WHO_OPENS_INVOICES.map((group) => user.hasGroup(group)));
    if (!rights.includes(true)) {
        return () => env.services.action.doAction(HUB, {clearBreadcrumbs: true});
    }
    const list = {action: "customer-invoices"};
    const form = {...list, resId: invoice};
    return () => env.services.action.loadState({...form, actionStack: [list, form]});
}

registry.category("actions").add("serviceflow_paylinks.collect", collect);
