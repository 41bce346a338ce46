/** What there is to limit, and what a quota may say of it: pure. */
import { OmniError, parseGrant, type Quota, type QuotaLimit } from '@omnipaw/kernel';
import { shown } from './options.js';

/** What a quota can name, with how it is counted in; each is shared by an agent and all below it, unless it says otherwise. */
export const RESOURCES = Object.freeze({
  /** Ticks that begin. */
  maxTicks: 1,
  /** Calls of tools; retries are part of their call. */
  maxToolCalls: 1,
  /** Tokens that tools reserve and spend. */
  maxTokens: 1,
  /** Money that tools reserve and spend, in their smallest unit. */
  maxCost: 1,
  /** What programs themselves take of the processor, in milliseconds; counted in microseconds. */
  maxCpuMs: 1_000,
  /** Keys in memory: its own, and those in shared memory that it wrote last. */
  maxMemoryKeys: 1,
  /** The values behind these keys, as JSON in UTF-8. */
  maxMemoryBytes: 1,
  /** Lines of the log that are about the agent. */
  maxLogBytes: 1,
  /** Agents below it, all that there ever were. */
  maxChildren: 1,
  /** From the spawn on, in milliseconds; not shared: nobody lives longer than who is above anyway. */
  maxWallMs: 1,
});

/** A resource by name, or `call:` and a pattern: calls of the tools that it matches. */
export type Resource = keyof typeof RESOURCES | `call:${string}`;

/** What an agent may use, by resource: so much at the most, with a warning before it if there is a `soft` limit. */
export type ResourceQuota = Readonly<Partial<Record<keyof typeof RESOURCES, QuotaLimit>> & Record<`call:${string}`, QuotaLimit>>;

/** Both limits, in the unit that is counted in. */
export interface Limit {
  readonly hard: number;
  /** Infinity if there is none. */
  readonly soft: number;
}

export function isCallPattern(resource: string): boolean {
  return resource.startsWith('call:');
}

/** How many of what is counted are one of what is written. */
export function unitOf(resource: string): number {
  return Object.hasOwn(RESOURCES, resource) ? RESOURCES[resource as keyof typeof RESOURCES] : 1;
}

/** The limits of a quota; what is no resource is left out: who spawned with it was not under this extension. */
export function limitsOf(quota: Quota): ReadonlyMap<string, Limit> {
  const limits = new Map<string, Limit>();
  for (const [name, limit] of Object.entries(quota)) {
    if (!isResource(name)) continue;
    const { hard, soft } = typeof limit === 'number' ? { hard: limit, soft: undefined } : { soft: undefined, ...limit };
    const unit = unitOf(name);
    limits.set(name, { hard: hard * unit, soft: soft === undefined ? Infinity : soft * unit });
  }
  return limits;
}

/** Throws `QUOTA_INVALID` for what is no resource or no limit. */
export function assertQuota(quota: Quota): void {
  if (typeof (quota as unknown) !== 'object' || (quota as unknown) === null || Array.isArray(quota)) {
    throw invalid('', `A quota is ${shown(quota)}. Write an object of limits by name, such as { maxTicks: 50 }.`);
  }
  for (const [name, limit] of Object.entries(quota)) {
    if (!isResource(name)) {
      throw invalid(name, `A quota names ${JSON.stringify(name)}. Known are ${Object.keys(RESOURCES).join(', ')}, and call:PATTERN for tools.`);
    }
    if (!isLimit(limit)) {
      throw invalid(name, `The limit ${name} is ${shown(limit)}. Write a whole number from 0, or { hard, soft } with a soft limit that is not above the hard one.`);
    }
  }
}

function isResource(name: string): name is Resource {
  if (!isCallPattern(name)) return Object.hasOwn(RESOURCES, name);
  try {
    parseGrant(name);
    return true;
  } catch {
    return false;
  }
}

function isLimit(limit: unknown): limit is QuotaLimit {
  if (typeof limit !== 'object' || limit === null) return isCount(limit);
  const { hard, soft, ...rest } = limit as { readonly hard?: unknown; readonly soft?: unknown };
  return isCount(hard) && (soft === undefined || (isCount(soft) && soft <= hard)) && Object.keys(rest).length === 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function invalid(resource: string, message: string): OmniError {
  return new OmniError('QUOTA_INVALID', message, { details: { resource } });
}
