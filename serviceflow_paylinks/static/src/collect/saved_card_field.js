import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {RadioField, radioField} from "@web/views/fields/radio/radio_field";
import {getFieldDomain} from "@web/model/relational_model/utils";
import {useSpecialData} from "@web/views/fields/relational_utils";

/** Radio buttons for saved cards, each with its brand: Odoo's own know the last digits only. */
export class SavedCardField extends RadioField {
    setup() {
        super.setup();
        this.specialData = useSpecialData(async (orm, {record, name, domain}) => {
            const {records} = await orm.webSearchRead(
                record.fields[name].relation,
                getFieldDomain(record, name, domain),
                {specification: {display_name: 1}, context: {paylinks_show_brand: true}}
            );
            return records.map((card) => [card.id, card.display_name]);
        });
    }
}

registry.category("fields").add("saved_card", {
    ...radioField,
    component: SavedCardField,
    displayName: _t("Saved Card"),
    supportedTypes: ["many2one"],
});
