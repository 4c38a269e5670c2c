import {Component, useRef} from "@odoo/owl";
import {serializeDateTime} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {RPCError} from "@web/core/network/rpc";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {exactTime, relativeTime} from "./relative_time";

const {DateTime} = luxon;
const URGENT = {hours: 24};

/**
 * A link's expiry in words; whoever may edit it clicks on it and picks another, right in the row.
 */
export class ExpiryField extends Component {
    static template = "serviceflow_paylinks.ExpiryField";
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.datetimePicker = useService("datetime_picker");
        this.button = useRef("button");
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    /** Whether the expiry still decides anything: not once the link is paid or deleted. */
    get matters() {
        return ["active", "expired"].includes(this.props.record.data.state);
    }

    get editable() {
        return this.props.record.data.expiry_editable && Boolean(this.props.record.resId);
    }

    get isOver() {
        return Boolean(this.value) && this.value <= DateTime.now();
    }

    get isUrgent() {
        return Boolean(this.value) && !this.isOver && this.value <= DateTime.now().plus(URGENT);
    }

    get words() {
        if (!this.value) {
            return _t("never");
        }
        const words = relativeTime(this.value);
        return this.isOver ? _t("expired %s", words) : words;
    }

    get tooltip() {
        return this.value ? exactTime(this.value) : _t("This link never expires");
    }

    get label() {
        return _t("Expires: %s. Change it", this.words);
    }

    get className() {
        if (this.isUrgent) {
            return "text-danger fw-bolder";
        }
        return this.isOver || !this.value ? "text-muted" : "";
    }

    edit() {
        const picker = this.datetimePicker.create({
            target: this.button.el,
            getInputs: () => [null],
            pickerProps: {type: "datetime", value: this.value, rounding: 5},
            onApply: (value) => this.save(value),
        });
        picker.open(0);
    }

    /**
     * @param {luxon.DateTime | false} value
     */
    async save(value) {
        const {record, name} = this.props;
        try {
            await this.orm.write(record.resModel, [record.resId], {
                [name]: value ? serializeDateTime(value) : false,
            });
        } catch (error) {
            if (!(error instanceof RPCError)) {
                throw error;
            }
            this.notification.add(error.data.message, {type: "danger"});
            return;
        }
        await record.load();
        this.env.bus.trigger("PAYMENT-LINKS:CHANGED");
    }
}

registry.category("fields").add("payment_link_expiry", {
    component: ExpiryField,
    displayName: _t("Payment Link Expiry"),
    supportedTypes: ["datetime"],
    fieldDependencies: [
        {name: "state", type: "selection"},
        {name: "expiry_editable", type: "boolean"},
    ],
    listViewWidth: [118, 150],
});
