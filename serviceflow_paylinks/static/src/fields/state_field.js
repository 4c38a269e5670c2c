import {registry} from "@web/core/registry";
import {BadgeField, badgeField} from "@web/views/fields/badge/badge_field";

const ALARMING = ["disputed", "lost"];

/** A link's state, and below it whether money went back, or is wanted back. */
export class StateField extends BadgeField {
    static template = "serviceflow_paylinks.StateField";

    /** Empty also for those who may not see it: the view does not have the field then. */
    get moneyBack() {
        return this.props.record.data.money_back;
    }

    get moneyBackWords() {
        const options = this.props.record.fields.money_back.selection;
        return options.find(([value]) => value === this.moneyBack)[1];
    }

    get moneyBackClass() {
        return ALARMING.includes(this.moneyBack) ? "text-bg-danger" : "text-bg-warning";
    }
}

registry.category("fields").add("payment_link_state", {...badgeField, component: StateField});
