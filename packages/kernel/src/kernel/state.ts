import { type AgentDefinition } from '../programs/index.js';
import { AgentOutcomes, PendingOperations } from '../pending/index.js';
import { Settings } from '../header/index.js';
import { AgentRegistry } from '../identity/index.js';
import { LifecycleController } from '../lifecycle/index.js';
import type { Projection } from '../logging/index.js';
import { EphemeralStore, PersistentStore, SharedStore } from '../memory/index.js';
import { Mailboxes } from '../messages/index.js';
import { PermissionModel } from '../permissions/index.js';

/** All state that is a fold over the log: the kernel's, or an inspector's. */
export interface KernelState {
  readonly settings: Settings;
  readonly agents: AgentRegistry<AgentDefinition>;
  readonly lifecycle: LifecycleController;
  readonly permissions: PermissionModel;
  readonly ephemeral: EphemeralStore;
  readonly persistent: PersistentStore;
  readonly shared: SharedStore;
  readonly mailboxes: Mailboxes;
  readonly pending: PendingOperations;
  readonly outcomes: AgentOutcomes;
}

export function createState(): KernelState {
  const settings = new Settings();
  const lifecycle = new LifecycleController();
  return {
    settings,
    agents: new AgentRegistry<AgentDefinition>(),
    lifecycle,
    permissions: new PermissionModel(),
    ephemeral: new EphemeralStore(),
    persistent: new PersistentStore(),
    shared: new SharedStore(),
    mailboxes: new Mailboxes(settings),
    pending: new PendingOperations(lifecycle),
    outcomes: new AgentOutcomes(),
  };
}

/** The parts of the state, each of which folds every entry. */
export function projectionsOf(state: KernelState): readonly Projection[] {
  return Object.values(state) as Projection[];
}
