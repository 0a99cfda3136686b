import type { GameFile } from '@residency/environments';

/** A room of two places and two cups, in rules and words of its own: one is to be in the box. */
export const TINY_GAME: GameFile = {
  pddl_domain: `(define (domain room)
    (:action GotoLocation :parameters (?a - agent ?s - location ?e - location ?r - receptacle)
      :precondition (and (atLocation ?a ?s) (receptacleAtLocation ?r ?e))
      :effect (and (not (atLocation ?a ?s)) (atLocation ?a ?e)))
    (:action OpenObject :parameters (?a - agent ?l - location ?r - receptacle)
      :precondition (and (openable ?r) (atLocation ?a ?l) (receptacleAtLocation ?r ?l) (not (opened ?r)))
      :effect (and (opened ?r) (checked ?r)))
    (:action CloseObject :parameters (?a - agent ?l - location ?r - receptacle)
      :precondition (and (openable ?r) (atLocation ?a ?l) (receptacleAtLocation ?r ?l) (opened ?r))
      :effect (and (not (opened ?r))))
    (:action PickupObject :parameters (?a - agent ?l - location ?o - object ?r - receptacle)
      :precondition (and (pickupable ?o) (atLocation ?a ?l) (receptacleAtLocation ?r ?l) (inReceptacle ?o ?r)
        (not (holdsAny ?a)) (or (not (openable ?r)) (opened ?r)))
      :effect (and (holds ?a ?o) (holdsAny ?a) (not (inReceptacle ?o ?r)) (not (objectAtLocation ?o ?l))))
    (:action PutObject :parameters (?a - agent ?l - location ?o - object ?r - receptacle ?ot - otype ?rt - rtype)
      :precondition (and (holds ?a ?o) (atLocation ?a ?l) (receptacleAtLocation ?r ?l) (objectType ?o ?ot)
        (receptacleType ?r ?rt) (canContain ?rt ?ot) (or (not (openable ?r)) (opened ?r)))
      :effect (and (not (holds ?a ?o)) (not (holdsAny ?a)) (inReceptacle ?o ?r) (objectAtLocation ?o ?l))))`,
  pddl_problem: `(define (problem cups)
    (:objects
      me - agent
      hall left right - location
      Shelf_bar_a Box_bar_a - receptacle
      Cup_bar_a Cup_bar_b - object
      ShelfType BoxType - rtype
      CupType - otype)
    (:init
      ; where all is
      (atLocation me hall)
      (receptacleType Shelf_bar_a ShelfType) (receptacleType Box_bar_a BoxType)
      (receptacleAtLocation Shelf_bar_a left) (receptacleAtLocation Box_bar_a right) (openable Box_bar_a)
      (objectType Cup_bar_a CupType) (objectType Cup_bar_b CupType)
      (pickupable Cup_bar_a) (pickupable Cup_bar_b)
      (inReceptacle Cup_bar_a Shelf_bar_a) (inReceptacle Cup_bar_b Shelf_bar_a)
      (objectAtLocation Cup_bar_a left) (objectAtLocation Cup_bar_b left)
      (canContain ShelfType CupType) (canContain BoxType CupType))
    (:goal (exists (?r - receptacle ?o - object)
      (and (objectType ?o CupType) (receptacleType ?r BoxType) (inReceptacle ?o ?r)
        (not (isClean ?o))))))`,
  grammar: `
grammar :: """{
  "intro": [{ "rhs": "#task#" }],
  "task": [{ "rhs": "Your task is to: put a cup in the box." }],
  "see": [
    { "condition": "openable(r:receptacle) & opened(r:receptacle)",
      "rhs": "In the {r.name}: [{o.indefinite + ' ' + o.name | inreceptacle(o:object, r:receptacle)}]." },
    { "condition": "openable(r:receptacle)", "rhs": "The {r.name} is shut." },
    { "rhs": "On the {r.name}: [{o.indefinite + ' ' + o.name | inreceptacle(o:object, r:receptacle)}]." }
  ],
  "taken": [{ "rhs": "Taken." }]
}""";
// what can be said
action GotoLocation {
    template :: "go to [{r.name | receptacleatlocation(r:receptacle, lend:location)}]";
    feedback :: "#see#";
}
action OpenObject { template :: "open {r}"; feedback :: "#see#"; }
action CloseObject { template :: "close {r}"; feedback :: "#see#"; }
action PickupObject { template :: "take {o} from {r}"; feedback :: "#taken#"; }
action PutObject { template :: "put {o} in {r}"; feedback :: "Done."; }
`,
};
