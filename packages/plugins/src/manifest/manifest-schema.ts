/**
 * The JSON Schema of `plugin.manifest.json`, draft 2020-12: what is published as `plugin.manifest.schema.json` (a test compares).
 *
 * Its descriptions are shown by editors, and quoted in messages: a description beside a pattern goes on after "must be".
 */

export const MANIFEST_SCHEMA_ID = 'https://unpkg.com/@omnipaw/plugins/plugin.manifest.schema.json';

/** How long a call of a tool may take unless its manifest says otherwise. */
export const DEFAULT_TIMEOUT_MS = 30_000;

export const HTTP_METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** A host, all hosts below one, or any; and a port. */
const HOST = '^(?:\\*|(?:\\*\\.)?[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*|\\[[0-9a-f:.]+\\])(?::[1-9][0-9]{0,4})?$';
/** The program of an agent is a tool, whose name is that of the agent and `.program`; and no name has more than 128. */
const MAX_TYPE_CHARS = 120;
/** Each has the name that `@omnipaw/quota` has for it (a test compares): a limit of another name would limit nothing. */
const QUOTA = {
  maxTicks: limit('Ticks that begin.'),
  maxToolCalls: limit('Calls of tools, that of its own program among them.'),
  maxTokens: limit('Tokens that tools reserve and spend.'),
  maxCost: limit('Money that tools reserve and spend, in their smallest unit.'),
  maxCpuMs: limit('What programs take of the processor, in milliseconds.'),
  maxMemoryKeys: limit('Keys in memory.'),
  maxMemoryBytes: limit('The values behind these keys, in bytes.'),
  maxLogBytes: limit('Lines of the log about the agent, in bytes.'),
  maxChildren: limit('Agents below it.'),
  maxWallMs: limit('Time since it was made, in milliseconds.'),
};

function limit(description: string) {
  return { $ref: '#/$defs/quotaLimit', description } as const;
}
/** Exact: what a plugin asks for has no wildcards, so that an operator knows what it is. */
const PERMISSION_NAME = '^(?:network|shell|memory|shared:[A-Za-z0-9][A-Za-z0-9_.-]*|tool:[A-Za-z0-9][A-Za-z0-9_.-]*)$';

export const MANIFEST_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: MANIFEST_SCHEMA_ID,
  title: 'OmniPaw plugin manifest',
  description: 'What a plugin of OmniPaw is, what it offers, and what it needs: plugin.manifest.json in its folder.',
  type: 'object',
  required: ['name', 'version', 'description', 'license', 'omnipaw'],
  anyOf: [{ required: ['tools'] }, { required: ['agents'] }],
  dependentRequired: { signature: ['integrity'] },
  additionalProperties: false,
  properties: {
    $schema: { type: 'string', maxLength: 1000, description: 'Where the schema of this file is, for editors. Nothing else looks at it.' },
    name: { $ref: '#/$defs/pluginName' },
    version: { type: 'string', minLength: 1, maxLength: 100, description: 'The version of the plugin, by the rules of semantic versioning: 1.2.3. Raise it with every change of behaviour.' },
    description: { $ref: '#/$defs/description', description: 'What the plugin is for, in a sentence or two.' },
    license: { type: 'string', minLength: 1, maxLength: 100, description: 'Under which licence it may be used, as SPDX writes it: MIT, Apache-2.0, UNLICENSED.' },
    omnipaw: { type: 'string', minLength: 1, maxLength: 200, description: 'The versions of @omnipaw/kernel that it works with, as a range of npm: ">=0.1.0 <0.2.0".' },
    permissions: { type: 'array', maxItems: 100, items: { $ref: '#/$defs/permission' }, description: 'All that the plugin may ever use. The operator has to grant each of them, or the plugin is not loaded.' },
    tools: { type: 'array', minItems: 1, maxItems: 100, items: { $ref: '#/$defs/tool' }, description: 'The tools that the plugin gives to agents.' },
    agents: { type: 'array', minItems: 1, maxItems: 50, items: { $ref: '#/$defs/agent' }, description: 'The types of agents that the plugin brings along.' },
    integrity: { $ref: '#/$defs/integrity' },
    signature: { $ref: '#/$defs/signature' },
  },
  $defs: {
    pluginName: {
      type: 'string',
      maxLength: 64,
      pattern: '^plugin-[a-z][a-z0-9]*(?:-[a-z0-9]+)*$',
      description: 'The name of the plugin: "plugin-" and a short name of lower-case letters, digits and single hyphens, such as "plugin-weather". Its tools and agents are named by the short name: weather.get_forecast.',
    },
    description: { type: 'string', minLength: 1, maxLength: 2000 },
    qualifiedName: {
      type: 'string',
      maxLength: 128,
      pattern: '^[a-z][a-z0-9-]*(?:\\.[a-z][a-z0-9_]*)+$',
      description: 'A name after the short name of the plugin and a dot, of lower-case letters, digits and "_": weather.get_forecast.',
    },
    sourcePath: {
      type: 'string',
      minLength: 1,
      maxLength: 500,
      pattern: '\\.(?:ts|mts|js|mjs)$',
      description: 'A TypeScript or JavaScript module (.ts, .mts, .js, .mjs) in the folder of the plugin, with / between the parts of its path: src/get-forecast.ts.',
    },
    permissionName: {
      type: 'string',
      maxLength: 200,
      pattern: PERMISSION_NAME,
      description: 'A permission: network (any host, any method), shell, memory, shared:NAMESPACE, or tool:NAME.',
    },
    permission: {
      description: 'A permission by its name ("memory", "shell", "network", "shared:team", "tool:host.git.status"), or as an object with its bounds.',
      anyOf: [{ $ref: '#/$defs/permissionName' }, { $ref: '#/$defs/networkPermission' }, { $ref: '#/$defs/filesystemPermission' }],
    },
    networkPermission: {
      type: 'object',
      required: ['name', 'hosts'],
      additionalProperties: false,
      description: 'HTTP to some hosts: ctx.fetch.',
      properties: {
        name: { const: 'network', description: 'That this is about HTTP.' },
        hosts: {
          type: 'array',
          minItems: 1,
          maxItems: 50,
          uniqueItems: true,
          items: { type: 'string', maxLength: 255, pattern: HOST, description: 'A host in lower case (api.example.com), with a port if it is not the usual one (localhost:8080); all below one (*.example.com), or any (*).' },
          description: 'The hosts that may be asked.',
        },
        methods: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: HTTP_METHODS }, default: ['GET', 'HEAD'], description: 'How they may be asked; GET and HEAD unless given.' },
      },
    },
    filesystemPermission: {
      type: 'object',
      required: ['name', 'mode', 'path'],
      additionalProperties: false,
      description: 'Files of the workspace below one directory: ctx.fs.',
      properties: {
        name: { const: 'filesystem', description: 'That this is about files.' },
        mode: { enum: ['read', 'write'], description: 'read, or write, which reads as well.' },
        path: { type: 'string', minLength: 1, maxLength: 500, description: 'A directory or file below the root of the workspace, with / between the parts (docs/drafts), or "." for all of it.' },
      },
    },
    tool: {
      type: 'object',
      required: ['name', 'description', 'input', 'handler'],
      additionalProperties: false,
      description: 'A tool that agents can call.',
      properties: {
        name: { $ref: '#/$defs/qualifiedName' },
        description: { $ref: '#/$defs/description', description: 'What the tool does, for whoever chooses among tools: a model, most of all.' },
        input: { $ref: '#/$defs/objectSchema', description: 'A JSON Schema (draft 2020-12) for the arguments, which are an object. What does not fit it never reaches the plugin.' },
        output: { $ref: '#/$defs/jsonSchema', description: 'A JSON Schema (draft 2020-12) for the result. What does not fit it is an error of the plugin.' },
        handler: { $ref: '#/$defs/sourcePath' },
        idempotent: { type: 'boolean', default: false, description: 'Whether a call can be made again with the same key without a second effect. Only then is it repeated after a time-out.' },
        timeoutMs: { type: 'integer', minimum: 1, maximum: 600_000, default: DEFAULT_TIMEOUT_MS, description: 'How long a call may take, in milliseconds.' },
        permissions: {
          type: 'array',
          maxItems: 100,
          items: { type: ['string', 'integer'], maxLength: 200, minimum: 0, description: 'A permission of the plugin, by its name (network, filesystem, shared:team, tool:host.git.status) or by its place in the list, from 0.' },
          description: 'Which permissions of the plugin the tool needs. All of them unless given; [] for none.',
        },
      },
    },
    agent: {
      type: 'object',
      required: ['type', 'program'],
      additionalProperties: false,
      description: 'A type of agent.',
      properties: {
        type: { type: 'string', $ref: '#/$defs/qualifiedName', maxLength: MAX_TYPE_CHARS },
        description: { $ref: '#/$defs/description', description: 'What agents of this type do.' },
        program: { $ref: '#/$defs/sourcePath' },
        grants: {
          type: 'array',
          maxItems: 100,
          uniqueItems: true,
          items: { type: 'string', minLength: 1, maxLength: 500, description: 'A grant, as the kernel has them: call:weather.get_forecast.' },
          default: [],
          description: 'What an agent of this type is granted unless whoever makes it says otherwise: no more than what is the plugin\'s own, or among its permissions.',
        },
        quota: {
          type: 'object',
          additionalProperties: false,
          properties: QUOTA,
          default: {},
          description: 'The limits of an agent of this type unless whoever makes it says otherwise.',
        },
      },
    },
    quotaLimit: {
      type: ['integer', 'object'],
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      required: ['hard'],
      additionalProperties: false,
      description: 'The most that there is; or { "hard": the most, "soft": above which there is a warning }.',
      properties: {
        hard: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'The most that there is.' },
        soft: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Above this there is a warning.' },
      },
    },
    jsonSchema: { type: 'object' },
    objectSchema: {
      type: 'object',
      required: ['type'],
      properties: { type: { const: 'object', description: 'Arguments are an object.' } },
    },
    integrity: {
      type: 'object',
      required: ['sha256'],
      additionalProperties: false,
      description: 'What the files of the plugin are; "omnipaw plugins sign" writes it.',
      properties: {
        sha256: {
          type: 'object',
          minProperties: 1,
          maxProperties: 5000,
          additionalProperties: { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'A SHA-256 in lower-case hexadecimal.' },
          description: 'Of each file in the folder but this one its SHA-256, by its path with / between the parts.',
        },
      },
    },
    signature: {
      type: 'object',
      required: ['ed25519', 'publicKey'],
      additionalProperties: false,
      description: 'Who vouches for this manifest and, by its integrity, for the files; "omnipaw plugins sign" writes it.',
      properties: {
        ed25519: { type: 'string', pattern: '^[A-Za-z0-9+/]{86}==$', description: 'An Ed25519 signature in base64, over the canonical form of this manifest without it.' },
        publicKey: { type: 'string', pattern: '^[A-Za-z0-9+/]{43}=$', description: 'The Ed25519 public key, 32 bytes in base64, by which it can be checked. It counts only for those who trust it.' },
      },
    },
  },
} as const;
