/** A manifest as the rest of the package has it: checked, with every default filled in, frozen. */
import type { JsonObject, Quota } from '@omnipaw/kernel';
import type { Permission } from './permission.js';

/** The file in a plugin's folder that says what the plugin is. */
export const MANIFEST_FILE = 'plugin.manifest.json';

export interface PluginManifest {
  /** `plugin-weather` */
  readonly name: string;
  /** `weather`: with a dot behind it, what the names of its tools and agents begin with. */
  readonly shortName: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  /** The versions of the kernel that it works with. */
  readonly omnipaw: string;
  /** All that it may ever use. */
  readonly permissions: readonly Permission[];
  readonly tools: readonly PluginTool[];
  readonly agents: readonly PluginAgent[];
  /** The SHA-256 of each file but the manifest, by path. */
  readonly integrity?: { readonly sha256: Readonly<Record<string, string>> };
  readonly signature?: PluginSignature;
  /** The manifest as it was written: what digests and signatures go over. */
  readonly source: JsonObject;
}

export interface PluginTool {
  /** `weather.get_forecast` */
  readonly name: string;
  readonly description: string;
  /** A JSON Schema that compiles; `standardSchema` makes of it what the kernel takes. */
  readonly input: JsonObject;
  readonly output?: JsonObject;
  /** A module in the plugin's folder: relative, `/` between its parts, without `./`. */
  readonly handler: string;
  readonly idempotent: boolean;
  readonly timeoutMs: number;
  /** Those of the plugin's that it needs. */
  readonly permissions: readonly Permission[];
}

export interface PluginAgent {
  /** `weather.reporter` */
  readonly type: string;
  readonly description?: string;
  /** A module in the plugin's folder: relative, `/` between its parts, without `./`. */
  readonly program: string;
  /** `call:weather.get_forecast` */
  readonly grants: readonly string[];
  readonly quota: Quota;
}

export interface PluginSignature {
  /** Base64. */
  readonly ed25519: string;
  /** 32 bytes in base64. Whoever can write a manifest can write a key into it: trust is decided elsewhere. */
  readonly publicKey: string;
}
