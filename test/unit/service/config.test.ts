import {
  addressField,
  ConfigError,
  choiceField,
  flagField,
  folderField,
  integerField,
  optionalFolderField,
  optionalTextField,
  portField,
  readConfig,
  redisFields,
  redisUrlField,
  textField,
} from '@residency/service';
import { gatewayFields } from '@residency/service-gateway';
import { describe, expect, it } from 'vitest';

const table = {
  host: textField('T_HOST', '127.0.0.1'),
  port: portField('T_PORT', 8080),
  level: choiceField('T_LEVEL', ['debug', 'info'], 'info'),
  redis: redisUrlField('T_REDIS', 'redis://127.0.0.1:6379'),
  learner: addressField('T_LEARNER', '127.0.0.1:9086'),
  folder: folderField('T_FOLDER', 'store'),
  key: optionalTextField('T_KEY'),
  cache: optionalFolderField('T_CACHE'),
  again: flagField('T_AGAIN', false),
  threads: integerField('T_THREADS', 1, 8),
};

describe('readConfig', () => {
  it('reads every kind of value and its default', () => {
    const config = readConfig(table, { T_THREADS: '4', T_PORT: '0', T_FOLDER: '/data', T_LEVEL: '' });

    expect(config).toEqual({
      host: '127.0.0.1',
      port: 0,
      level: 'info',
      redis: 'redis://127.0.0.1:6379',
      learner: '127.0.0.1:9086',
      folder: '/data',
      key: null,
      cache: null,
      again: false,
      threads: 4,
    });
  });

  it('reads what may be left out, and flags', () => {
    const config = readConfig(table, { T_THREADS: '4', T_CACHE: '/cache/../weights', T_AGAIN: 'true' });

    expect(config).toMatchObject({ cache: '/weights', again: true });
  });

  it('lists what a field itself has to say, with the others', () => {
    const picky = {
      ...textField('T_PICKY'),
      parse: (): string => {
        throw new ConfigError(['T_PICKY: first', 'T_PICKY: second']);
      },
    };

    expect(() => readConfig({ picky, port: table.port }, { T_PICKY: 'x', T_PORT: 'y' })).toThrow(
      expect.objectContaining({
        problems: ['T_PICKY: first', 'T_PICKY: second', expect.stringMatching(/^T_PORT: found "y"/)],
      }),
    );
  });

  it('lists every bad value with its name, what was found and what was wanted', () => {
    const env = {
      T_PORT: '70000',
      T_LEVEL: 'loud',
      T_REDIS: 'http://x',
      T_LEARNER: 'nowhere',
      T_HOST: 'ok',
      T_AGAIN: 'yes',
    };

    let failure: unknown;
    try {
      readConfig(table, env);
    } catch (error) {
      failure = error;
    }

    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as ConfigError).problems).toEqual([
      'T_PORT: found "70000", wanted an integer from 0 to 65535',
      'T_LEVEL: found "loud", wanted one of debug, info',
      'T_REDIS: wanted a redis:// or rediss:// URL',
      'T_LEARNER: found "nowhere", wanted host:port, ipv4:host:port,host:port or dns:///host:port',
      'T_AGAIN: found "yes", wanted true or false',
      'T_THREADS: found nothing, wanted an integer from 1 to 8',
    ]);
  });

  it('does not show the value of a secret', () => {
    const refusal = (read: () => unknown): string => {
      try {
        read();
      } catch (error) {
        return (error as ConfigError).message;
      }
      return 'nothing was refused';
    };

    expect(refusal(() => readConfig(redisFields(), { REDIS_URL: 'http://:hunter2@redis' }))).toBe(
      'configuration:\n  REDIS_URL: wanted a redis:// or rediss:// URL',
    );
    const apiKey = { ...gatewayFields.apiKey, parse: () => undefined };
    expect(refusal(() => readConfig({ apiKey }, { RESIDENCY_API_KEY: 'hunter2' }))).toBe(
      'configuration:\n  RESIDENCY_API_KEY: wanted a text',
    );
  });

  it.each(['1.5', '0x10', '', ' 3', '1e1'])('does not take %j for an integer', (text) => {
    expect(() => readConfig({ n: integerField('N', 1, 99) }, { N: text })).toThrow(ConfigError);
  });
});
