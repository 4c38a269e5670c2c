import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** The invoice or order that a link is for; a click opens it, for those who may see it. */
export class DocumentField extends Component {
    static template = "serviceflow_paylinks.DocumentField";
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
    }

    get name() {
        return this.props.record.data[this.props.name];
    }

    get openable() {
        return this.props.record.data.document_openable;
    }

    /**
     * @param {boolean} newWindow opened in a tab of its own: middle click, or with Ctrl
     */
    async open(newWindow) {
        const {resModel, resId} = this.props.record;
        const action = await this.orm.call(resModel, "action_open_document", [[resId]]);
        await this.action.doAction(action, {newWindow});
    }
}

registry.category("fields").add("payment_link_document", {
    component: DocumentField,
    displayName: _t("Payment Link Document"),
    supportedTypes: ["char"],
    fieldDependencies: [{name: "document_openable", type: "boolean"}],
});
