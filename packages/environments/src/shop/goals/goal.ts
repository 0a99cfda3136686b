/** An option that a goal wants; people name values alone. */
export interface GoalOption {
  readonly name: string | null;
  readonly value: string;
}

/** What a buyer wants, said in words and in what a purchase is judged by. */
export interface Goal {
  /** The product that it was made from: buying it with the options is a perfect purchase. */
  readonly asin: string;
  /** That product's title. */
  readonly title: string;
  readonly category: string;
  readonly query: string;
  readonly productCategory: string;
  /** The task as an agent reads it. */
  readonly text: string;
  /** At least one. */
  readonly attributes: readonly string[];
  readonly options: readonly GoalOption[];
  /** Dollars; 1,000,000 where the task names no price. */
  readonly priceUpper: number;
  /** Above 0; for weighted sampling alone. */
  readonly weight: number;
}
