import {Component, onMounted, onWillUnmount} from "@odoo/owl";
import {browser} from "@web/core/browser/browser";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const SECONDS = 3;
const UNDER_WAY = ["waiting", "unknown"];
const LOOKS = {
    waiting: {alert: "alert-info", icon: "fa-circle-o-notch fa-spin"},
    unknown: {alert: "alert-warning", icon: "fa-circle-o-notch fa-spin"},
    processing: {alert: "alert-info", icon: "fa-clock-o"},
    paid: {alert: "alert-success", icon: "fa-check-circle"},
    failed: {alert: "alert-danger", icon: "fa-times-circle"},
};

/**
 * How a payment stands, with its sentence; looks again every few seconds while it is under way.
 * For a selection field with the values above; the option `message_field` names the field with the sentence.
 */
export class PaymentWatchField extends Component {
    static template = "serviceflow_paylinks.PaymentWatchField";
    static props = {...standardFieldProps, messageField: String};

    setup() {
        onMounted(() => {
            this.timer = browser.setInterval(() => this.look(), SECONDS * 1000);
        });
        onWillUnmount(() => browser.clearInterval(this.timer));
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    get looks() {
        return LOOKS[this.value];
    }

    get message() {
        return this.props.record.data[this.props.messageField];
    }

    async look() {
        if (UNDER_WAY.includes(this.value) && !this.looking) {
            this.looking = true;
            try {
                await this.props.record.load();
            } finally {
                this.looking = false;
            }
        }
    }
}

registry.category("fields").add("payment_watch", {
    component: PaymentWatchField,
    displayName: _t("Watch a Payment"),
    supportedTypes: ["selection"],
    extractProps: ({options}) => ({messageField: options.message_field}),
    fieldDependencies: ({options}) => [{name: options.message_field, type: "char"}],
});
