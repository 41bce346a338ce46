/** A manifest that tests may write nonsense into. */
export interface Draft {
  [key: string]: unknown;
  name?: unknown;
  version?: unknown;
  omnipaw?: unknown;
  permissions: unknown[];
  tools: DraftTool[];
  agents: DraftAgent[];
  integrity?: { sha256: Record<string, string> };
  signature?: unknown;
}

export interface DraftTool {
  name: unknown;
  description?: unknown;
  input: unknown;
  output?: unknown;
  handler: string;
  idempotent?: unknown;
  timeoutMs?: unknown;
  permissions?: unknown;
}

export interface DraftAgent {
  type: unknown;
  description?: unknown;
  program: string;
  grants?: unknown;
  quota?: unknown;
}

/** The manifest of an imaginary plugin that uses everything that a manifest can have; tests change parts of it. */
export function weather(): Draft {
  return {
    $schema: 'https://unpkg.com/@omnipaw/plugins/plugin.manifest.schema.json',
    name: 'plugin-weather',
    version: '1.2.0',
    description: 'Forecasts.',
    license: 'MIT',
    omnipaw: '>=0.0.0 <0.2.0',
    permissions: [
      { name: 'network', hosts: ['api.open-meteo.com', 'geocoding-api.open-meteo.com'], methods: ['GET'] },
      'memory',
      'shared:weather',
      'tool:host.git.status',
      { name: 'filesystem', mode: 'read', path: 'places' },
      { name: 'filesystem', mode: 'write', path: 'reports' },
    ],
    tools: [
      {
        name: 'weather.get_forecast',
        description: 'Gives a forecast for a city.',
        input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
        output: { type: 'object' },
        handler: './src/get-forecast.ts',
        idempotent: true,
        timeoutMs: 10_000,
        permissions: ['network', 1],
      },
      { name: 'weather.report', description: 'Writes a report.', input: { type: 'object' }, handler: 'src/report.ts', permissions: ['filesystem', 'shared:weather'] },
      { name: 'weather.units.convert', description: 'Calculates.', input: { type: 'object' }, handler: 'src/convert.ts', permissions: [] },
      { name: 'weather.all', description: 'Does everything.', input: { type: 'object' }, handler: 'src/all.js' },
    ],
    agents: [
      {
        type: 'weather.reporter',
        description: 'Writes the report of the day.',
        program: 'src/reporter.ts',
        grants: ['call:weather.*', 'call:host.git.status', 'read:shared:weather/**', 'delegate:weather.reporter'],
        quota: { maxTicks: 100, maxToolCalls: { hard: 20, soft: 15 } },
      },
    ],
  };
}
