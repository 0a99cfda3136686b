/**
 * Names that a colour option is judged by, in alphabetical order: colours, and the patterns and finishes that shops
 * sell as colours (specs/webshop.md section 5, which does not list them).
 */
export const COLOURS: readonly string[] = [
  'alabaster amber apricot aqua ash azure beige black blue blush bronze brown burgundy camel camo caramel',
  'champagne charcoal cherry chestnut chocolate cobalt coffee copper coral cranberry cream crimson cyan dark',
  'denim ebony emerald espresso fuchsia gold granite grape graphite gray green grey heather indigo ivory ivy jade',
  'khaki lavender lemon leopard light lilac lime magenta mahogany maroon mauve midnight mint mocha multicolor',
  'mustard natural navy nude oak olive onyx orange orchid peach pearl pewter pink plum purple rainbow red rose',
  'royal ruby rust saffron sage salmon sand sapphire scarlet silver slate smoke steel stone tan taupe teal',
  'turquoise vanilla violet walnut wheat white wine yellow',
].flatMap((line) => line.split(' '));

/**
 * The first colour of the list that a text contains, which stands for the whole text; the text itself where it
 * contains none. Source: specs/webshop.md section 5.
 */
export function normalizeColour(text: string): string {
  return COLOURS.find((colour) => text.includes(colour)) ?? text;
}
