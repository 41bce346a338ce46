import type { Hold, HeldDirectory } from '../../src/paths/held-directory.js';

/** Does something at the moment in which a directory has just been entered, for the first time or another one. */
export function afterEntering(name: string, how: Hold, act: (time: number) => void): Hold {
  let times = 0;
  const watch = (directory: HeldDirectory): HeldDirectory =>
    new Proxy(directory, {
      get: (target, key) => {
        if (key === 'enter') {
          return async (entered: string, asked: string) => {
            const inner = await target.enter(entered, asked);
            if (entered === name) act(++times);
            return watch(inner);
          };
        }
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  return async (absolute) => watch(await how(absolute));
}
