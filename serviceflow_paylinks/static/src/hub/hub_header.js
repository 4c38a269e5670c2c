import {Component, onWillUpdateProps, useExternalListener, useState} from "@odoo/owl";
import {formatCurrency} from "@web/core/currency";
import {_t} from "@web/core/l10n/translation";
import {KeepLast} from "@web/core/utils/concurrency";
import {useBus, useService} from "@web/core/utils/hooks";
import {formatInteger} from "@web/views/fields/formatters";
import {humanDuration} from "../fields/relative_time";

/** The figures, in their order; each bears the name of its filter in the search view. */
const FIGURES = ["active", "expiring", "paid_recently", "sent_recently", "sent_and_paid"];
const NOTHING = "–";

/**
 * What stands above the hub's list: figures that are also filters, and whether customers can pay.
 */
export class HubHeader extends Component {
    static template = "serviceflow_paylinks.HubHeader";
    static props = {list: Object};

    setup() {
        this.orm = useService("orm");
        this.state = useState({overview: null});
        this.keepLast = new KeepLast();
        this.load();
        // The list was loaded anew: searched, refreshed, or changed by one of its buttons.
        onWillUpdateProps(() => {
            this.load();
        });
        useBus(this.env.bus, "PAYMENT-LINKS:CHANGED", () => this.load());
        // Stripe may have been connected in another tab.
        useExternalListener(window, "focus", () => this.connection && this.load());
    }

    async load() {
        const overview = this.orm.silent.call("payment.link", "get_hub_overview", []);
        this.state.overview = await this.keepLast.add(overview);
    }

    /** What there is to say about the connection to Stripe; nothing when all is well. */
    get connection() {
        const connection = this.state.overview?.connection;
        return connection && connection.state !== "live" ? connection : null;
    }

    get companies() {
        return this.connection.companies.join(", ");
    }

    get administrators() {
        return this.connection.administrators.join(", ");
    }

    get figures() {
        const {overview} = this.state;
        // They count all links: above those of one customer or document they would mislead.
        const isPartOnly = this.env.searchModel.globalDomain.length > 0;
        if (isPartOnly || (overview && !overview.has_links)) {
            return [];
        }
        const isActive = new Set(
            this.env.searchModel
                .getSearchItems((item) => item.type === "filter" && item.isActive)
                .map((item) => item.name)
        );
        return FIGURES.map((name) => ({
            name,
            isActive: isActive.has(name),
            ...this.describe(name, overview?.figures[name]),
        }));
    }

    /**
     * @param {string} name of the figure
     * @param {Object} [figure] as the server counted it; not there yet at first
     * @returns {{label: string, value: string, detail: string}}
     */
    describe(name, figure) {
        const count = figure ? formatInteger(figure.count) : NOTHING;
        const links = figure && (figure.count === 1 ? _t("1 link") : _t("%s links", count));
        const amount = figure ? this.formatAmount(figure.amount) : NOTHING;
        switch (name) {
            case "active":
                return {label: _t("Outstanding"), value: amount, detail: links};
            case "expiring":
                return {label: _t("Expiring in 7 days"), value: count, detail: figure && amount};
            case "paid_recently":
                return {label: _t("Paid in 30 days"), value: amount, detail: links};
            case "sent_recently":
                return {label: _t("Sent links paid"), ...this.describeShare(figure)};
            default:
                return {label: _t("From sent to paid"), ...this.describeTime(figure)};
        }
    }

    describeShare(figure) {
        if (!figure?.total) {
            return {value: NOTHING, detail: figure && _t("none sent in 90 days")};
        }
        return {
            value: `${Math.round((100 * figure.count) / figure.total)} %`,
            detail: _t("%(paid)s of %(sent)s in 90 days", {
                paid: formatInteger(figure.count),
                sent: formatInteger(figure.total),
            }),
        };
    }

    describeTime(figure) {
        if (!figure?.count) {
            return {value: NOTHING, detail: figure && _t("none paid in 90 days")};
        }
        return {value: humanDuration(figure.seconds), detail: _t("median of 90 days")};
    }

    formatAmount(amount) {
        const digits = Math.abs(amount) >= 10000 ? [0, 0] : undefined;
        return formatCurrency(amount, this.state.overview.currency_id, digits && {digits});
    }

    /**
     * Show the links that a figure counts and no others; show all again at the second click.
     *
     * @param {{name: string, isActive: boolean}} figure
     */
    toggle(figure) {
        const {searchModel} = this.env;
        const wanted = figure.isActive ? "not_deleted" : figure.name;
        const [item] = searchModel.getSearchItems(
            (item) => item.type === "filter" && item.name === wanted
        );
        searchModel.clearFilters();
        searchModel.toggleSearchItem(item.id);
    }
}
