import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {exactTime, relativeTime} from "./relative_time";

const CHANNEL_ICONS = {
    email: ["fa-envelope-o"],
    sms: ["fa-mobile"],
    both: ["fa-envelope-o", "fa-mobile"],
    other: ["fa-share-alt"],
};

/** When and how a link was sent, or that it waits for it. */
export class SentField extends Component {
    static template = "serviceflow_paylinks.SentField";
    static props = {...standardFieldProps};

    get data() {
        return this.props.record.data;
    }

    get value() {
        return this.data[this.props.name];
    }

    get icons() {
        return CHANNEL_ICONS[this.data.sent_channel] || [];
    }

    get words() {
        return relativeTime(this.value, {style: "narrow"});
    }

    get tooltip() {
        const {selection} = this.props.record.fields.sent_channel;
        const channel = selection.find(([value]) => value === this.data.sent_channel);
        return channel ? `${channel[1]}: ${exactTime(this.value)}` : exactTime(this.value);
    }
}

/** How often the customer opened a link, and when first. */
export class OpenedField extends Component {
    static template = "serviceflow_paylinks.OpenedField";
    static props = {...standardFieldProps};

    get count() {
        return this.props.record.data[this.props.name];
    }

    get openedAt() {
        return this.props.record.data.opened_at;
    }

    get words() {
        return this.openedAt ? relativeTime(this.openedAt, {style: "narrow"}) : "";
    }

    get tooltip() {
        return this.openedAt ? _t("First opened: %s", exactTime(this.openedAt)) : "";
    }
}

registry
    .category("fields")
    .add("payment_link_sent", {
        component: SentField,
        displayName: _t("Payment Link Sent"),
        supportedTypes: ["datetime"],
        fieldDependencies: [
            {name: "sent_channel", type: "selection"},
            {name: "send_waiting", type: "selection"},
        ],
        listViewWidth: [108, 120],
    })
    .add("payment_link_opened", {
        component: OpenedField,
        displayName: _t("Payment Link Opened"),
        supportedTypes: ["integer"],
        fieldDependencies: [{name: "opened_at", type: "datetime"}],
        listViewWidth: [98, 120],
    });
