/** Telemetry of the kernels that a command runs, where the environment says where it is to go. */
import type { Extension } from '@omnipaw/kernel';
import type { TelemetryProvider } from '@omnipaw/otel/sdk';
import { describeFailure } from '../failure.js';
import { installed } from '../plugins/library.js';
import type { Session } from '../session.js';

/**
 * Does something that runs kernels, and exports what there is to export before it answers. That telemetry fails is told to people, and changes
 * nothing else.
 */
export async function withTelemetry<Result>(session: Session, work: (session: Session) => Promise<Result>): Promise<Result> {
  const library = await telemetryLibrary();
  if (library === undefined) {
    await tellMissing(session);
    return work(session);
  }
  const telemetry = await started(library, session);
  if (telemetry === undefined) return work(session);
  const { logger } = telemetry;
  try {
    return await work({ ...session, spectator: () => library.otel(logger === undefined ? {} : { logger }) });
  } finally {
    await telemetry.shutdown();
  }
}

type Library = NonNullable<Awaited<ReturnType<typeof telemetryLibrary>>>;

function telemetryLibrary() {
  return installed(async () => {
    const [{ otel }, { TelemetryProvider }] = await Promise.all([import('@omnipaw/otel'), import('@omnipaw/otel/sdk')]);
    return { otel, TelemetryProvider };
  }, '@omnipaw/otel');
}

async function tellMissing({ host, people }: Session): Promise<void> {
  if ((host.env['OTEL_EXPORTER_ENDPOINT'] ?? '') === '') return;
  await people.line(`${people.ink('yellow', 'warning:')} OTEL_EXPORTER_ENDPOINT is set, and nothing is exported: npm install @omnipaw/otel @opentelemetry/api @opentelemetry/sdk-node`);
}

async function started({ TelemetryProvider }: Library, { host, people }: Session): Promise<TelemetryProvider | undefined> {
  try {
    return TelemetryProvider.start({ environment: host.env });
  } catch (thrown) {
    await people.line(`${people.ink('yellow', 'warning:')} ${describeFailure(thrown)}`);
    return undefined;
  }
}

/** What a program exports, and who looks on beside it; a program that brings its own telemetry keeps it. */
export function lookedAt(extensions: readonly Extension[], { spectator }: Pick<Session, 'spectator'>): readonly Extension[] {
  if (spectator === undefined) return extensions;
  const added = spectator();
  return extensions.some(({ name }) => name === added.name) ? extensions : [...extensions, added];
}
