import { readConfig } from '@residency/service';
import { rewardEnvironmentFields } from '@residency/service-reward-environment';
import { describe, expect, it, test } from 'vitest';

const { environments } = rewardEnvironmentFields;
const read = (text?: string) =>
  readConfig({ environments }, text === undefined ? {} : { RESIDENCY_ENVIRONMENTS: text }).environments;

const ADDRESS = 'host:port, ipv4:host:port,host:port or dns:///host:port';

describe('RESIDENCY_ENVIRONMENTS', () => {
  it('is empty by default', () => {
    expect([...read()]).toEqual([]);
  });

  it('gives an address to each name', () => {
    expect([...read('clinic=host:7000, night-ward2 = dns:///ward.example:7001')]).toEqual([
      ['clinic', 'host:7000'],
      ['night-ward2', 'dns:///ward.example:7001'],
    ]);
  });

  it('keeps an address of several backends in one piece', () => {
    expect([...read('a=ipv4:10.0.0.1:1,10.0.0.2:1,10.0.0.3:1,b=ipv6:[::1]:2,[::2]:2')]).toEqual([
      ['a', 'ipv4:10.0.0.1:1,10.0.0.2:1,10.0.0.3:1'],
      ['b', 'ipv6:[::1]:2,[::2]:2'],
    ]);
  });

  const longest = `a${'0'.repeat(63)}`;

  test.each<[string, string]>([
    ['clinic', 'found entry "clinic", wanted name=address'],
    ['a=h:1,', 'found entry "", wanted name=address'],
    ['a=h:1,h:2', 'found entry "h:2", wanted name=address'],
    [
      'Clinic=h:1',
      'found name "Clinic", wanted a lower-case letter and up to 63 more letters, digits and dashes',
    ],
    ['=h:1', 'found name "", wanted a lower-case letter and up to 63 more letters, digits and dashes'],
    [
      `${longest}0=h:1`,
      `found name "${longest}0", wanted a lower-case letter and up to 63 more letters, digits and dashes`,
    ],
    ['triage=h:1', 'found name "triage", wanted one that is not built in'],
    ['a=h:1,a=h:2', 'found name "a", wanted each name once'],
    ['a=nowhere', `found for a "nowhere", wanted ${ADDRESS}`],
    ['a=', `found for a "", wanted ${ADDRESS}`],
  ])('refuses %s', (text, problem) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ problems: [`RESIDENCY_ENVIRONMENTS: ${problem}`] }),
    );
  });

  it('takes the longest name', () => {
    expect([...read(`${longest}=h:1`).keys()]).toEqual([longest]);
  });

  it('says what is wrong with every entry', () => {
    expect(() => read('ward=h:1,b=h:1,C=h:1')).toThrow(
      expect.objectContaining({
        problems: [expect.stringContaining('"ward"'), expect.stringContaining('"C"')],
      }),
    );
  });
});
