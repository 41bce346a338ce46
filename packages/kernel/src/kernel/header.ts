/** What the log's header says of a kernel: enough for a replay to name what has changed since. */
import type { AgentDefinition } from '../programs/index.js';
import type { Digests } from '../header/index.js';
import { toJson, type JsonObject } from '../json/index.js';
import type { Codec } from '../ports/index.js';
import { jsonSchemaOf, type Tool } from '../tools/index.js';
import { limitsOf, type KernelConfig } from './config.js';

export function configRecord(config: KernelConfig, codec: Codec): { config: JsonObject; configDigest: string } {
  const record = toJson({
    ...limitsOf(config),
    durability: config.durability ?? 'strict',
    policies: (config.policies ?? []).map((policy) => ({ ...policy })),
  }) as JsonObject;
  return { config: record, configDigest: codec.sha256(JSON.stringify(record)) };
}

export function digestsOf(config: Pick<KernelConfig, 'agents' | 'tools' | 'extensions'>, codec: Codec): Digests {
  const { agents = [], tools = [], extensions = [] } = config;
  return {
    programs: Object.fromEntries(agents.map((agent) => [agent.type, { version: agent.version, digest: programDigest(agent, codec) }])),
    tools: Object.fromEntries(tools.map((tool) => [tool.name, { version: tool.version, digest: toolDigest(tool, codec), ...schemaDigest(tool, codec), ...(tool.origin === undefined ? {} : { origin: tool.origin }) }])),
    extensions: Object.fromEntries(extensions.filter(({ guard, isSpectator }) => guard !== undefined || isSpectator !== true).map(({ name, version = '0' }) => [name, version])),
  };
}

export function programDigest(agent: AgentDefinition, codec: Codec): string {
  return codec.sha256(agent.source);
}

/** Over what programs can notice of a tool, its schemas aside. */
function toolDigest(tool: Tool, codec: Codec): string {
  const { name, version, description, idempotent, timeoutMs, input, output, origin = [] } = tool;
  const vendors = [input, output].map((schema) => schema?.['~standard'].vendor ?? null);
  return codec.sha256(JSON.stringify([name, version, description, idempotent, timeoutMs, vendors].concat(origin)));
}

function schemaDigest({ input, output }: Tool, codec: Codec): { readonly schema?: string } {
  const schemas = [jsonSchemaOf(input, 'input'), jsonSchemaOf(output, 'output')];
  return schemas.every((schema) => schema === null) ? {} : { schema: codec.sha256(JSON.stringify(schemas)) };
}
