/** The standard input, output and error of a container, in one connection. */
import type Docker from 'dockerode';

/** A socket, also where dockerode does not say so. */
export interface ContainerStream extends NodeJS.ReadWriteStream {
  destroy(): unknown;
  ref(): unknown;
  unref(): unknown;
}

const QUERY = { stream: true, stdin: true, stdout: true, stderr: true } as const;
const STATUS_CODES = { 200: true, 404: 'no such container', 409: 'container is being removed', 500: 'server error' };
/** dockerode's own way sends the query once more as a body, which Podman takes for the first line of what is said to the container. */
const NO_BODY = Buffer.alloc(0);

export function attach(docker: Docker, container: Docker.Container, abortSignal: AbortSignal): Promise<ContainerStream> {
  const request = { path: `/containers/${container.id}/attach?`, method: 'POST', isStream: true, hijack: true, options: { ...QUERY }, file: NO_BODY, statusCodes: STATUS_CODES, abortSignal };
  return new Promise((resolve, reject) => {
    docker.modem.dial(request, (thrown: Error | null, stream: unknown) => {
      if (thrown !== null) {
        reject(thrown);
        return;
      }
      const attached = stream as ContainerStream;
      if (typeof attached.write !== 'function' || typeof attached.unref !== 'function') {
        attached.destroy();
        reject(new Error('it answered without making a connection of it'));
        return;
      }
      // Somebody listens at any time, or an error would end this process.
      attached.on('error', () => undefined);
      if (abortSignal.aborted) attached.destroy();
      resolve(attached);
    });
  });
}
