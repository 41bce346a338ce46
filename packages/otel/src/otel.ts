import type { Entry, Extension, FollowedLog, LogFollower, Observer, ReplayReport } from '@omnipaw/kernel';
import { openTelemetry, registeredIn, type Registered } from './api.js';
import type { Show } from './content.js';
import { instrumentsOf, type QuotaReport } from './instruments.js';
import { Metering } from './metering.js';
import * as names from './names.js';
import { Places } from './places.js';
import { recordOf, type EntryLogger } from './records.js';
import { Tracing } from './tracing.js';

export interface OtelOptions {
  /** Whose limits are measured: the ledger of `@omnipaw/quota`. */
  readonly quota?: QuotaReport;
  /** Gets each entry of the log as a record: a `Logger` of the Logs API. */
  readonly logger?: EntryLogger;
  /**
   * What spans show of arguments and results; nothing unless given. The log has them already without secrets and as `redact` has left
   * them; answer undefined, or less, for what telemetry is not to have.
   */
  readonly show?: Show;
}

/** The version of what its projection keeps. */
const VERSION = '1';

/**
 * Traces and metrics of a kernel, by whatever SDK the process has registered with `@opentelemetry/api`: register it before this is called.
 * Without one, nothing is measured, and it costs nothing.
 *
 * A replay makes no span and changes no number.
 */
export function otel(options: OtelOptions = {}): Extension {
  const places = new Places();
  const extension: Extension = { name: 'otel', version: VERSION, isSpectator: true };
  const api = openTelemetry();
  const { tracer, meter }: Registered = api === undefined ? { tracer: undefined, meter: undefined } : registeredIn(api, { name: names.SCOPE, version: VERSION });
  if (api === undefined || (tracer === undefined && meter === undefined && options.logger === undefined)) return extension;
  const { show, quota, logger } = options;
  let tracing: Tracing | undefined;
  let metering: Metering | undefined;
  const follow = ({ logId, startSize, ports: { codec } }: FollowedLog): LogFollower => {
    const instruments = meter === undefined ? undefined : instrumentsOf(meter);
    tracing = tracer === undefined ? undefined : new Tracing({ api, tracer, logId, codec, places, show }, startSize);
    metering = instruments === undefined ? undefined : new Metering(instruments, places, startSize);
    if (quota !== undefined) instruments?.quotas.add(quota);
    const apply = (entry: Entry): void => {
      metering?.apply(entry);
      // After an end there is no span to belong to any more.
      logger?.emit(recordOf(entry, { context: tracing?.contextAt(entry.agent), logId }));
      tracing?.apply(entry);
    };
    const close = (): Promise<void> => {
      tracing?.close();
      metering?.close();
      if (quota !== undefined) instruments?.quotas.delete(quota);
      return Promise.resolve();
    };
    return { apply, durable: (durableSeq) => { metering?.durable(durableSeq); }, close };
  };
  return { ...extension, projection: places, follow, observer: observerOf(places, () => tracing, () => metering) };
}

function observerOf(places: Places, tracing: () => Tracing | undefined, metering: () => Metering | undefined): Observer {
  return {
    aroundAgentLoop: (info, next) => {
      places.meet(info);
      metering()?.begin(info.agent);
      tracing()?.begin(info.agent);
      return next();
    },
    aroundTick: (info, next) => {
      const traces = tracing();
      const traced = traces === undefined ? next : (): void => { traces.tick(info, next); };
      const meters = metering();
      if (meters === undefined) traced();
      else meters.tick(info, traced);
    },
    aroundToolCall: (info, next) => {
      const traces = tracing();
      const traced = traces === undefined ? next : (): Promise<void> => traces.attempt(info, next);
      return metering()?.attempt(info, traced) ?? traced();
    },
  };
}

/** Counts what came of a replay, which by itself changes no number. */
export function reportReplay({ replay }: Pick<ReplayReport, 'replay'>): void {
  const api = openTelemetry();
  const { meter } = api === undefined ? {} : registeredIn(api, { name: names.SCOPE, version: VERSION });
  if (meter === undefined) return;
  const { replays, divergences } = instrumentsOf(meter);
  replays.cell(replay, () => ({ 'omnipaw.replay.verdict': replay })).value++;
  divergences.cell('', () => ({})).value += replay === 'DIVERGED' ? 1 : 0;
}
