import {Component} from "@odoo/owl";
import {CopyButton} from "@web/core/copy_button/copy_button";
import {Dialog} from "@web/core/dialog/dialog";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {LinkShare} from "./link_share";

/** On a many2one to a link: that link; on any field of a link: the link itself. */
class LinkField extends Component {
    static props = {...standardFieldProps};

    get linkId() {
        const {record, name} = this.props;
        if (record.fields[name].type === "many2one") {
            return record.data[name] && record.data[name].id;
        }
        return record.resModel === "payment.link" && record.resId;
    }
}

export class LinkShareDialog extends Component {
    static template = "serviceflow_paylinks.LinkShareDialog";
    static components = {Dialog, LinkShare};
    static props = {linkId: Number, close: Function};

    setup() {
        this.title = _t("Share Payment Link");
    }
}

export class LinkShareField extends LinkField {
    static template = "serviceflow_paylinks.LinkShareField";
    static components = {LinkShare};
}

export class LinkShareButtonField extends LinkField {
    static template = "serviceflow_paylinks.LinkShareButtonField";

    setup() {
        this.dialog = useService("dialog");
    }

    open() {
        this.dialog.add(LinkShareDialog, {linkId: this.linkId});
    }
}

/** The link's address, to be copied from a row: an icon, with its word for who cannot see it. */
export class LinkCopyField extends Component {
    static template = "serviceflow_paylinks.LinkCopyField";
    static components = {CopyButton};
    static props = {...standardFieldProps};

    setup() {
        this.copyText = _t("Copy");
        this.successText = _t("Copied");
    }

    get value() {
        return this.props.record.data[this.props.name];
    }
}

registry.category("fields").add("payment_link_copy", {
    component: LinkCopyField,
    displayName: _t("Button to Copy a Payment Link"),
    supportedTypes: ["char"],
});
registry.category("fields").add("payment_link_share", {
    component: LinkShareField,
    displayName: _t("Share a Payment Link"),
    supportedTypes: ["many2one", "char"],
});
registry.category("fields").add("payment_link_share_button", {
    component: LinkShareButtonField,
    displayName: _t("Button to Share a Payment Link"),
    supportedTypes: ["many2one", "char"],
});
