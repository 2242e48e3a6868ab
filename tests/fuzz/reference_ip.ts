/** IP addresses as octets, read as plainly as can be. */

/** The octets of an IPv4 address: four numbers without leading zeros. */
export function readIpv4(text: string): readonly number[] | undefined {
  const numbers = text.split(".");
  const sound = numbers.length === 4 &&
    numbers.every((number) =>
      isMadeOf(number, "0123456789") && number.length <= 3 &&
      String(Number(number)) === number && Number(number) <= 255
    );
  return sound ? numbers.map(Number) : undefined;
}

/** The octets of an IPv6 address (RFC 4291 §2.2), without a zone. */
export function readIpv6(text: string): readonly number[] | undefined {
  const [before, after, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const head = readGroups(before!, after === undefined);
  const tail = readGroups(after ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (after === undefined) return missing === 0 ? head : undefined;
  return missing >= 2
    ? [...head, ...Array(missing).fill(0), ...tail]
    : undefined;
}

/** Groups with colons between; the last may be IPv4. */
function readGroups(
  text: string,
  mayEndInIpv4: boolean,
): readonly number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const ipv4 = mayEndInIpv4 ? readIpv4(groups.at(-1)!) : undefined;
  const plain = ipv4 === undefined ? groups : groups.slice(0, -1);
  const sound = plain.every((group) =>
    group.length >= 1 && group.length <= 4 &&
    isMadeOf(group.toLowerCase(), "0123456789abcdef")
  );
  if (!sound) return undefined;
  const octets = plain.flatMap((group) => {
    const bits = parseInt(group, 16);
    return [bits >> 8, bits & 255];
  });
  return [...octets, ...ipv4 ?? []];
}

/** Of an IPv4 address inside IPv6 (RFC 4291 §2.5.5.2) the four octets, of others all. */
export function unmapped(octets: readonly number[]): readonly number[] {
  const mapped = octets.length === 16 &&
    octets.slice(0, 12).join() === "0,0,0,0,0,0,0,0,0,0,255,255";
  return mapped ? octets.slice(12) : octets;
}

/** Octets of an address of either family. */
export function readIp(text: string): readonly number[] | undefined {
  return readIpv4(text) ?? readIpv6(text);
}

function isMadeOf(text: string, alphabet: string): boolean {
  return text !== "" && [...text].every((each) => alphabet.includes(each));
}
