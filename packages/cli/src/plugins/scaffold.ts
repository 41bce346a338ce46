/** The files of a new plugin: a tool that uses one capability, its test, and what editors and npm need. Pure. */
import { VERSION } from '@omnipaw/kernel';

const DESCRIPTION = 'Says hello, and knows how often it has.';

/** By path, for a plugin of this name (`plugin-greet`). */
export function scaffold(name: string, schemaId: string): Readonly<Record<string, string>> {
  const tool = `${name.replace(/^plugin-/, '')}.hello`;
  return {
    'plugin.manifest.json': json(manifest(name, tool, schemaId)),
    'tools/hello.ts': HELLO,
    'test/hello.test.ts': test(tool),
    'package.json': json(packageJson(name)),
    'tsconfig.json': json(TSCONFIG),
    'README.md': readme(name, tool),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function manifest(name: string, tool: string, schemaId: string): unknown {
  return {
    $schema: schemaId,
    name,
    version: '0.1.0',
    description: DESCRIPTION,
    license: 'UNLICENSED',
    omnipaw: `^${VERSION}`,
    permissions: ['memory'],
    tools: [
      {
        name: tool,
        description: 'Says hello to somebody by name.',
        input: { type: 'object', properties: { name: { type: 'string', minLength: 1, maxLength: 100 } }, required: ['name'], additionalProperties: false },
        output: { type: 'object', properties: { greeting: { type: 'string' }, times: { type: 'integer' } }, required: ['greeting', 'times'], additionalProperties: false },
        handler: 'tools/hello.ts',
        permissions: ['memory'],
      },
    ],
  };
}

const HELLO = `import { definePluginTool } from '@omnipaw/plugins';

interface Args {
  readonly name: string;
}

/** What it needs beside its arguments it asks for by \`ctx\`; the manifest has to name it under "permissions". */
export default definePluginTool(async ({ name }: Args, ctx) => {
  const times = Number((await ctx.memory.get(name)) ?? 0) + 1;
  await ctx.memory.set(name, times);
  return { greeting: times === 1 ? \`Hello, \${name}!\` : \`Hello again, \${name}!\`, times };
});
`;

function test(tool: string): string {
  return `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPlugin, type OpenedPlugin } from '@omnipaw/plugins/testing';

let plugin: OpenedPlugin;
before(async () => {
  plugin = await openPlugin({ folder: new URL('..', import.meta.url) });
});
after(() => plugin.close());

test('says hello, and knows whom it has met', async () => {
  assert.deepEqual(await plugin.call('${tool}', { name: 'Ada' }), { greeting: 'Hello, Ada!', times: 1 });
  assert.deepEqual(await plugin.call('${tool}', { name: 'Ada' }), { greeting: 'Hello again, Ada!', times: 2 });
});

test('uses memory, and nothing else', () => {
  assert.deepEqual([...new Set(plugin.uses.map(({ by }) => by))], [\`\${plugin.manifest.name}: memory\`]);
});

test('takes no empty name', async () => {
  await assert.rejects(plugin.call('${tool}', { name: '' }), { code: 'TOOL_INPUT_INVALID' });
});
`;
}

function packageJson(name: string): unknown {
  return {
    name,
    version: '0.1.0',
    description: DESCRIPTION,
    license: 'UNLICENSED',
    private: true,
    type: 'module',
    scripts: { validate: 'omnipaw plugins validate .', test: 'omnipaw plugins test', typecheck: 'tsc', pack: `omnipaw plugins pack --out ${packOf(name)}` },
    devDependencies: { '@omnipaw/cli': `^${VERSION}`, '@omnipaw/kernel': `^${VERSION}`, '@omnipaw/plugins': `^${VERSION}`, '@types/node': '>=18', typescript: '>=5.5' },
  };
}

const TSCONFIG = {
  compilerOptions: {
    ...{ target: 'ES2022', lib: ['ES2022'], module: 'NodeNext', moduleResolution: 'NodeNext', types: ['node'] },
    ...{ strict: true, verbatimModuleSyntax: true, isolatedModules: true, allowImportingTsExtensions: true, noEmit: true, skipLibCheck: true },
  },
  include: ['tools', 'agents', 'test'],
};

/** In a folder for packs, which loaders can be given. */
function packOf(name: string): string {
  return `../packed/${name}`;
}

function readme(name: string, tool: string): string {
  return `# ${name}

${DESCRIPTION}

| tool | |
|---|---|
| \`${tool}\` | says hello to somebody by name |

It asks for \`memory\`: a part of the memory of the agent that calls.

\`\`\`sh
npm install                # for editors and the compiler
omnipaw plugins validate . # the manifest, and whether the code can be bundled
omnipaw plugins test       # in the isolate in which it will run
omnipaw plugins pack --out ${packOf(name)} # what is shipped, in a folder of its own
\`\`\`
`;
}
