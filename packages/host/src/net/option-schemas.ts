/** Beside the types, whose declarations need nothing of valibot's that way. */
import * as v from 'valibot';
import { fields } from '../schemas/fields.js';
import { callback, optionsOf, timeoutMs } from '../schemas/options.js';
import { within } from '../schemas/values.js';
import { isRange } from './addresses.js';
import { problemOfHost } from './host-names.js';
import type { AllowedHost, FetchOptions } from './options.js';

export const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** What belongs to the connection, or would say that the request is for another server. */
const NEVER = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect', 'keep-alive', 'accept-encoding', 'proxy-authorization', 'proxy-connection']);

const MAX_PORT = 65_535;

const host = v.pipe(v.string(), v.check((name) => problemOfHost(name) === undefined, ({ input }) => problemOfHost(input) ?? ''));
const range = v.pipe(v.string(), v.check(isRange, 'must be a range of addresses, like 10.0.0.0/8'));
const header = v.pipe(
  v.string(),
  v.regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header'),
  v.check((name) => !NEVER.has(name.toLowerCase()), 'must be no header that belongs to the connection'),
);

const allowed = fields({
  host,
  methods: v.optional(v.array(v.picklist(METHODS))),
  ports: v.optional(v.array(within(1, MAX_PORT))),
  addresses: v.optional(v.array(range)),
} satisfies Record<keyof AllowedHost, v.GenericSchema>);

export const fetchOptions = optionsOf<keyof FetchOptions>({
  allow: v.array(allowed),
  headers: v.array(header),
  callHeaders: callback,
  timeoutMs,
  maxBytes: within(0),
  resolve: callback,
  connect: callback,
});
