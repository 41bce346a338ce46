import type { OmniError } from '@omnipaw/kernel';
import { sandboxError } from './errors.js';

export function imageMissing(image: string, cause?: unknown): OmniError {
  return sandboxError('SANDBOX_IMAGE_MISSING', `The engine has no image "${image}". Pull it there (docker pull ${image}), make it, or let it be pulled: pull: true.`, { details: { image }, cause });
}

/** What the engine says when somebody has removed the image meanwhile; undefined for whatever else it says. */
export function asMissingImage(thrown: unknown, image: string): OmniError | undefined {
  const { statusCode, json } = thrown as { readonly statusCode?: number; readonly json?: { readonly message?: string } | null };
  if (statusCode !== 404 || !/no such image/i.test(json?.message ?? '')) return undefined;
  return imageMissing(image, thrown);
}
