import {registry} from "@web/core/registry";
import {KanbanRenderer} from "@web/views/kanban/kanban_renderer";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {ListRenderer} from "@web/views/list/list_renderer";
import {listView} from "@web/views/list/list_view";
import {HubHeader} from "./hub_header";

export class HubListRenderer extends ListRenderer {
    static template = "serviceflow_paylinks.HubListRenderer";
    static components = {...ListRenderer.components, HubHeader};
}

export class HubKanbanRenderer extends KanbanRenderer {
    static template = "serviceflow_paylinks.HubKanbanRenderer";
    static components = {...KanbanRenderer.components, HubHeader};
}

registry
    .category("views")
    .add("payment_link_list", {...listView, Renderer: HubListRenderer})
    .add("payment_link_kanban", {...kanbanView, Renderer: HubKanbanRenderer});
