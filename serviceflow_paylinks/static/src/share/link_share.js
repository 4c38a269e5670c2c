import {Component, onWillStart, onWillUpdateProps, useState} from "@odoo/owl";
import {browser} from "@web/core/browser/browser";
import {CopyButton} from "@web/core/copy_button/copy_button";
import {_t} from "@web/core/l10n/translation";
import {useService} from "@web/core/utils/hooks";

/**
 * Everything that passes one payment link on: the address to copy, a QR code to scan, and the
 * clerk's own mail, SMS and WhatsApp. Nothing is sent from here: the device's programs are opened
 * with the text in the customer's language, and the link's history says so.
 */
export class LinkShare extends Component {
    static template = "serviceflow_paylinks.LinkShare";
    static components = {CopyButton};
    static props = {linkId: Number};

    setup() {
        this.orm = useService("orm");
        this.state = useState({link: null});
        this.copyLabel = _t("Copy");
        this.copied = _t("Copied");
        onWillStart(() => this.load(this.props.linkId));
        onWillUpdateProps((next) => next.linkId !== this.props.linkId && this.load(next.linkId));
    }

    async load(linkId) {
        this.state.link = await this.orm.call("payment.link", "get_share_values", [linkId]);
    }

    /** Addresses that open the device's own programs; without a contact they ask for one. */
    get channels() {
        const {email, phone, title, text} = this.state.link;
        const body = encodeURIComponent(text);
        const digits = phone.replace(/\D/g, "");
        return [
            {
                name: "email",
                label: _t("Email"),
                icon: "fa-envelope-o",
                href: `mailto:${encodeURIComponent(email)}?subject=${encodeURIComponent(title)}&body=${body}`,
            },
            {
                name: "sms",
                label: _t("SMS"),
                icon: "fa-commenting-o",
                href: `sms:${phone}?&body=${body}`,
            },
            {
                name: "whatsapp",
                label: _t("WhatsApp"),
                icon: "fa-whatsapp",
                href: `https://wa.me/${digits}?text=${body}`,
                newTab: true,
            },
        ];
    }

    get canShareByDevice() {
        return Boolean(browser.navigator.share);
    }

    async shareByDevice() {
        const {title, text} = this.state.link;
        try {
            await browser.navigator.share({title, text});
        } catch (error) {
            if (error.name === "AbortError") {
                return; // The clerk thought better of it.
            }
            throw error;
        }
        await this.note("device");
    }

    /** Noting must not keep the device's program from opening. */
    note(channel) {
        return this.orm.silent.call("payment.link", "note_shared", [this.state.link.id, channel]);
    }
}
