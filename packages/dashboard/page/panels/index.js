import { createAgentsPanel } from './agents.js';
import { createApprovalsPanel } from './approvals.js';
import { createEventsPanel } from './events.js';
import { createIntegrityPanel } from './integrity.js';
import { createLifecyclePanel } from './lifecycle.js';
import { createMemoryPanel } from './memory.js';
import { createQuotasPanel } from './quotas.js';
import { createSwarmPanel } from './swarm.js';
import { createTimelinePanel } from './timeline.js';

/** @typedef {import('../app.js').Context} Context */
/** What draws a panel; it is asked whenever something has changed and the panel is open. @typedef {() => import('../view/dom.js').Child} View */
/** @typedef {Readonly<Record<import('../view/ui.js').PanelName, View>>} Panels */

/**
 * @param {Context} context
 * @returns {Panels}
 */
export function createPanels(context) {
  return {
    agents: createAgentsPanel(context),
    events: createEventsPanel(context),
    memory: createMemoryPanel(context),
    lifecycle: createLifecyclePanel(context),
    swarm: createSwarmPanel(context),
    quotas: createQuotasPanel(context),
    approvals: createApprovalsPanel(context),
    timeline: createTimelinePanel(context),
    integrity: createIntegrityPanel(context),
  };
}
