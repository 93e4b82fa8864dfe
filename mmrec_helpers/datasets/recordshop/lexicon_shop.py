"""What the record shop's notes also say, whatever the themes: the trade, the playing, names and titles. Data of `words`."""

from __future__ import annotations

OPENINGS = (
    "{artist} made this {good} thing in {few} {weeks}, with {few} friends and a borrowed {gear}.",
    "{artist} took {few} years over this, and it sounds as {good} as if it had taken {few} days.",
    "We first heard this {good} record through the wall of the {trade}'s next door, and went to ask.",
    "{artist} waited {few} years between the last record and this {good} one.",
    "A {good} record from {artist}, who used to mend a {gear} or two for a living.",
    "{artist} brought us a box of these in person and stayed for {bite}.",
    "It has been a {good} year for {artist}, to judge by these {few} {piece}s.",
    "We had given up on {artist}; then, in {month}, came this {good} thing.",
    "Somebody left this on the counter with a note that said only: {artist}, try the {nth} {piece}.",
    "After {few} records in as many years {artist} slowed down, and it shows, in a {good} way.",
    "{artist} recorded all of it twice and kept the {good} version.",
    "Nobody asked {artist} for a {good} record, and here one is, {good} into the bargain.",
    "There are louder records this {month}, and none as {good} as this one by {artist}.",
    "This is what {artist} did with {few} {weeks}, {few} friends and a {gear}.",
    "We played it on a slow {day} and had sold {few} by {hour}.",
    "A {good} debut by {artist}, and {few} years late, we hear.",
    "On paper a {good} record by {artist} was not what we needed; on the turntable it was.",
    "{artist} promised us this for {month}, and it came in {month}, {good} and worth it.",
    "The rumour was that {artist} had quit; {colleague} knew better, and this {good} record is the proof.",
    "According to the invoice {artist} made a {good} record, and for once the invoice is right.",
    "Ask {colleague} what to play this {month} and the answer is {artist}.",
    "{artist} lost the first version along with the {gear}; this one, {good} and {good}, is said to be better.",
    "The {gear} on the sleeve belongs to {artist} and, judging by the {nth} {piece}, still works.",
    "{people} people came to see {artist} play here in {month}, and {few} of them asked about this record.",
    "Some records explain themselves; this {good} one by {artist} would rather be played.",
    "{artist} sent us a tape in {month}, a better tape in {month}, and then this.",
    "It is not often that we reorder on a {day}, but this {good} record by {artist} left us no choice.",
    "{colleague} dislikes most things, and has played this {few} times since {day}.",
    "{artist} swapped a {gear} for {few} days in a studio, and we think it a fair deal.",
    "Once a {trade}, {artist} now sounds like this: {good}, and in no need of a second job.",
)

CLOSINGS = (
    "We have {few} left, and {colleague} has an eye on one.", "Ask for the one with the {colour} spine, under the {gear}.",
    "It has been on our turntable since {day}, and {colleague} has stopped complaining.", "Not for everybody: {customer} brought it back in {month} and regretted it by {day}.",
    "Recommended to anyone with {few} evenings free and a {good} pair of speakers.", "If it is not for you, bring it back by {day} and we will find you something less {good}.",
    "Sleeve a little {worn}, disc as good as new, {price} off on a {day}.", "Give it {few} plays, the first of them before {hour}.",
    "File it between the {good} records and the {good} ones.", "We would lend you ours, but {customer} has had it since {month}.",
    "{colleague} gives it {few} out of ten, which is {good} by local standards.", "It makes a {good} present for {relative}, and a better one for {trade_a}.",
    "Buy it on a {day}; {colleague} is on the till and gives {price} off.", "Try the {nth} {piece} first, on the good headphones by the {gear}.",
    "There is a copy to listen to by the {gear}, until {hour} most days.", "{artist} will sign copies in {month}, at the counter, next to the {gear}.",
    "We sold {few} on {day} and one of those to {trade_a}.", "If you only have time for one {piece}, make it the {nth}, and sit down for it.",
    "It costs what {bite} for {few} would, and keeps for longer.", "Every shop has one record it hopes will not sell; ours has {few} copies of this one and a {good} conscience.",
    "Play it to {trade_a} and report back by {day}.", "We will hold one for you until {day}, or until {colleague} finds it.",
    "The price is {good}, like the record.", "Goes well with {bite} and a {good} chair.", "Next delivery in {month}, if the {gear} gets mended.",
    "Turn it up for the {nth} {piece}; {relative} will understand.", "There are better records, and this {month} we could name {few} of them, but not on a {day}.",
    "Wrapped for you while you wait, in {colour} paper, by {colleague}.", "Should you see {artist} in the street, say that {trade_a} sent you.",
)

FACTS: tuple[tuple[str, ...], ...] = (
    ("Recorded in {room}, with a {gear} left running.", "It was all taped in {room}, and you can tell, in a good way.", "The room you hear is {room}.",
     "The recording was done in {room}, since {room} was taken.", "Mixed in {room} by {relative}.",
     "Cut straight to tape in {room}; the creak is the floor.", "The tapes were made in {room} and {worn} in the post.", "It was finished in {room}, on a {gear} from {relative}."),
    ("{label} pressed {hundreds} copies and has no plans for more.", "Number {number} in the {label} catalogue.", "{label} put it out in {month}, in a plain {colour} sleeve.",
     "Released by {label}, which is {trade_a} and a {gear}.", "This is the {ordinal} thing from {label}, and the first to make money.", "{label} numbered all {hundreds} by hand."),
    ("The vinyl is {colour}, and the download code is on a card in the {colour} envelope.", "Heavy {colour} vinyl, flat as a table.", "Pressed on {colour} vinyl, because {relative} insisted.",
     "The inner sleeve is {colour} and the label {colour}.", "Comes with a {colour} insert and a drawing of a {gear}.", "The cassette edition, all {hundreds} of it, went to {trade_a}."),
    ("Play it after something by {other} and you will hear the family likeness.", "File it next to {other}.", "It goes well after {other}, and better before {bite}.",
     "{other} helped out on the {nth} {piece}, unpaid.", "If you own anything by {other}, you will want this as well.", "The {nth} {piece} was written for {other}, who passed.",
     "{crew} shares a {gear} with {other}, and it shows {where}.", "Anyone who bought the {good} one by {other} should hear the {nth} {piece}."),
)
"""By topic, so that two facts of a note do not contradict each other: the room, the label, the pressing, the company."""

INSTRUMENTS = {
    0: ("slow pads", "a slow drone", "bowed bells", "drone upon drone", "glass bells and a drone", "pads like breath on glass", "a drone in no hurry"),
    1: ("a string quartet", "strings and an oboe", "a cello among strings", "the quartet", "a harpsichord and strings", "an oboe over the quartet", "cello and harpsichord"),
    2: ("an old drum machine", "sequencers and a drum machine", "an acid line from a sequencer", "modular sequencers", "a synthesiser bass", "a drum machine and one synthesiser", "sequencers left to run"),
    3: ("a fiddle", "fiddle and banjo", "the banjo", "fiddle, banjo and an accordion", "a steel-strung guitar and a fiddle", "banjo and hand claps", "two fiddles"),
    4: ("dusty breaks", "breaks and scratching", "scratching over a loop", "a loop of breaks", "a sampler full of dusty breaks", "an electric piano loop", "turntable scratching"),
    5: ("a walking bass", "vibraphone and walking bass", "the vibraphone", "brushes and vibraphone", "brushes on a snare", "a saxophone over brushes", "saxophone and walking bass"),
    6: ("congas", "congas and claves", "the claves", "timbales over congas", "a nylon guitar and congas", "timbales and brass", "bongos and a nylon guitar"),
    7: ("two loud guitars", "feedback and guitars", "power chords and feedback", "guitars through a broken amplifier", "fuzz guitar and organ", "an amplifier turned up too far", "power chords"),
}
"""By genre: what it is played on."""
SUNG = (0.15, 0.25, 0.35, 0.8, 0.8, 0.35, 0.7, 0.8)
"""By genre: how often a record has words."""

PLAYED = ("Most of the weight rests on {a}, {where} above all.", "Much of the {good} pleasure is in {a}.", "It would be half as {good} without {a}.",
          "The playing is {sound} and {sound}, with {a} to the fore.", "Buy it for {a} {where}, if for nothing else.", "{crew} leans on {a}, most of all {where}.",
          "The {nth} {piece} needs nothing but {a}, and gets nothing else.", "The sound is {sound}, thanks to {a}.", "{where}, everything stops for {a}.",
          "Somebody put {a} right at the front of the {nth} {piece}, and rightly.", "We counted {few} minutes of {a} without a dull one.", "The mix is {sound} and favours {a}.")

SLOTS: dict[str, tuple[str, ...]] = {
    "good": ("patient", "generous", "stubborn", "unhurried", "playful", "careful", "odd", "handsome", "modest", "tender", "plain", "curious", "bold", "gentle", "quiet", "wry", "rough",
             "sly", "earnest", "slight", "spacious", "tidy", "raw", "honest", "elegant", "lopsided", "sturdy", "supple", "graceful", "likeable", "peculiar", "thoughtful", "crooked",
             "forgiving", "sensible", "unfussy", "surprising", "well-made", "good-humoured", "roomy"),
    "sound": ("dry", "close", "warm", "loose", "tight", "roomy", "unpolished", "clear", "woolly", "bright", "soft", "crisp", "muffled", "steady", "grainy", "light on its feet"),
    "worn": ("bent", "faded", "scuffed", "creased", "dusty", "dented", "foxed", "stained"),
    "colour": ("green", "grey", "red", "ochre", "cream", "violet", "turquoise", "brown", "mustard", "pink", "clear", "marbled", "maroon", "rust-red", "lemon", "black"),
    "gear": ("tape machine", "harmonium", "microphone", "typewriter", "bicycle", "mixing desk", "sewing machine", "camera", "gramophone", "loudspeaker", "metronome", "fridge", "van",
             "echo unit", "piano stool", "record cutter", "reel-to-reel", "fan heater", "filing cabinet", "photocopier", "stepladder", "pinball machine"),
    "few": ("two", "three", "four", "five", "six"),
    "weeks": ("weeks", "weekends", "afternoons", "months", "rehearsals", "Sundays", "short weeks", "rainy days"),
    "people": ("Eleven", "Twelve", "Fourteen", "Seventeen", "Nineteen", "Twenty-two", "Thirty", "Forty"),
    "hundreds": ("two hundred", "three hundred", "four hundred", "five hundred", "six hundred", "seven hundred", "eight hundred", "nine hundred", "a hundred and fifty", "a thousand"),
    "number": ("three", "four", "seven", "eight", "nine", "eleven", "twelve", "fourteen", "fifteen", "nineteen", "twenty-one", "thirty"),
    "ordinal": ("third", "fourth", "fifth", "sixth", "seventh", "ninth", "tenth", "twelfth", "fifteenth"),
    "month": ("January", "March", "April", "June", "August", "October", "November"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    "hour": ("noon", "one o'clock", "two o'clock", "half past two", "three o'clock", "four o'clock", "half past four", "closing time"),
    "price": ("a fifth", "a tenth", "a quarter", "a third", "half"),
    "bite": ("tea", "soup", "a sandwich", "cake", "lunch", "dumplings", "a boiled potato", "leftovers", "a second lunch", "rhubarb tart", "pickles", "rice pudding"),
    "nth": ("second", "third", "fourth", "last", "longest", "shortest"),
    "where": ("on the second side", "on the first side", "in the last minute", "in the opening bars", "halfway through the title {piece}", "towards the end of the {nth} {piece}",
              "just before the run-out groove", "in the middle of the {nth} {piece}", "right after the needle drops", "between the {piece}s", "in the longest {piece}", "a minute into the {nth} {piece}",
              "near the end of the first side", "at the start of the second side", "in the fade-out", "in the shortest {piece}", "in the {nth} {piece}", "{few} minutes in"),
    "it": ("this record", "it", "this one", "the record", "the whole thing"),
    "colleague": ("our accountant", "the upstairs tenant", "our Saturday help", "the window cleaner", "the man who delivers parcels", "the owner", "our bookkeeper", "the intern", "the landlady",
                  "our electrician", "the youngest of us", "the oldest of us"),
    "customer": ("one customer", "a regular", "a man in a hurry", "a woman with a cello", "a student", "a tall customer", "a customer's child", "a retired judge", "somebody's aunt", "a drummer we know",
                 "a man with a dog", "a woman in red"),
    "relative": ("a cousin", "an uncle", "an aunt", "a brother-in-law", "somebody's sister", "a former teacher", "a nephew of nine", "a neighbour", "a niece", "a godfather"),
    "trade": ("dentist", "tailor", "barber", "locksmith", "bookbinder", "optician", "upholsterer", "chemist", "florist", "tax adviser", "watchmaker", "picture framer"),
    "trade_a": ("a dentist", "a tailor", "a barber", "two locksmiths", "a bookbinder", "an optician", "an upholsterer", "two chemists", "a florist", "a tax adviser", "a watchmaker", "a picture framer"),
    "who": ("a nurse", "a clerk", "a surveyor", "a translator", "a piano tuner", "a proofreader", "a librarian", "a seamstress", "a plumber", "a projectionist", "a carpenter", "a cook", "a schoolteacher",
            "an old soldier", "a botanist", "a waiter", "a glassblower", "a referee", "an heiress", "a juggler", "a painter", "a typist", "a widower", "a twin", "a magician", "an understudy"),
    "room": ("a disused laundry", "a former swimming bath", "a school gymnasium", "a bicycle shop", "an attic", "a tannery", "a garage", "a closed library", "an old cinema", "the back of a furniture shop",
             "a wooden shed", "a bowling alley", "a hat factory", "a customs office", "a warehouse", "a gallery", "a cellar", "a dance school", "a ballroom", "a boiler room"),
    "label": ("{label_first} {label_last}",),
    "label_first": ("Ninth", "Tin", "Left", "Lopsided", "Spare", "Folding", "Damp", "Reluctant", "Corduroy", "Upright", "Twelve", "Sensible"),
    "label_last": ("Teaspoon", "Ladder", "Glove", "Drawer", "Anvil", "Elbow", "Umbrella", "Button", "Trombone", "Wardrobe", "Pigeonhole", "Thimble"),
}
"""What the blanks of a sentence are filled with; a filling may have blanks of its own."""

WITH_WORDS: dict[str, tuple[str, ...]] = {
    "words": ("the words", "the lyrics", "the verses"),
    "story": ("in the first verse", "in the second verse", "in the third verse", "in the last verse", "in the chorus", "in the title {piece}", "in the {nth} {piece}", "in the bridge",
              "in the {nth} {piece}'s last line", "on the second side", "in the {piece} that closes the first side", "by the end of the {nth} {piece}", "in the spoken part", "in the {nth} {piece}'s chorus"),
}
WITHOUT_WORDS: dict[str, tuple[str, ...]] = {
    "words": ("the sleeve notes", "the titles", "the notes inside"),
    "story": ("in the sleeve notes", "in the story on the inner sleeve", "on the insert", "in the booklet", "in the comic strip on the back", "in the story told on the insert",
              "in the tale behind the {nth} {piece}", "in the story behind the title {piece}", "on page {few} of the booklet", "in the drawing for the {nth} {piece}", "in the notes on the {nth} {piece}",
              "in the film this was written for"),
}

TITLE_WORDS = ("Paper", "Copper", "Glass", "Velvet", "Hollow", "Second", "Borrowed", "Quiet", "Crooked", "Silver", "Golden", "Slow", "Little", "Other", "Northern", "Southern", "Seven", "Eleven", "Open",
               "Folded", "Late", "Patient", "Wooden", "Linen", "Amber", "Honest", "Distant", "Even", "Broken", "Plain", "Bright", "Round", "Unsent", "Idle", "Familiar", "Green", "Spare", "Tidy",
               "Rented", "Striped", "Reluctant", "Modest", "Woollen", "Painted", "Secret", "Hungry")
TITLE_NOUNS = ("Lanterns", "Letters", "Gardens", "Rooms", "Ladders", "Signals", "Orchards", "Mirrors", "Threads", "Engines", "Feathers", "Windows", "Rivers", "Numbers", "Shadows", "Bridges", "Kites",
               "Clocks", "Maps", "Stones", "Doors", "Wires", "Boats", "Hands", "Questions", "Seasons", "Postcards", "Candles", "Coats", "Rules", "Corners", "Parcels", "Alphabets", "Sundays", "Echoes",
               "Bells", "Buttons", "Excuses", "Errands", "Pencils", "Chairs", "Rehearsals", "Tailors", "Cousins", "Receipts", "Umbrellas", "Whistles", "Apologies")
TITLES = ("{first} {noun}", "{first} {noun} and {other}", "The {first} {noun}", "{noun} for {first} {other}", "{noun} without {other}", "All the {first} {noun}", "{first} {noun}, {second} {other}",
          "A Guide to {first} {noun}", "In Praise of {first} {noun}", "{noun} and Other {other}", "What the {noun} Said to the {other}", "Notes on {first} {noun}", "{noun} by the Dozen, {other} by the Hour",
          "Mostly {noun}, Some {other}", "The {noun} of {first} {other}", "No More {first} {noun}", "More {noun} than {other}", "Waltz for {first} {noun}")
NAMES = ("Ada", "Bruno", "Carla", "Dario", "Edda", "Fenn", "Greta", "Hal", "Ines", "Jonas", "Kaya", "Lev", "Mira", "Nils", "Odile",
         "Pavel", "Quinn", "Rosa", "Sven", "Tilda", "Ulla", "Vito", "Wanda", "Yara", "Zeno", "Amadou", "Bao", "Chika", "Devi", "Emre")
SURNAMES = ("Vanterpool", "Okafield", "Brandel", "Lindqvar", "Moreto", "Castellane", "Duvrier", "Hartwell-Noor", "Ishikado", "Jurgens",
            "Kowalik", "Laurentz", "Mbekele", "Nordahlen", "Ostrovar", "Pellegrane", "Quistgard", "Rosenbeck", "Santorro", "Tavernel",
            "Umbrecht", "Vasilenka", "Westerholt", "Yamadori", "Zielonka", "Abernoth", "Birchmont-Low", "Corvane", "Delacourte", "Ellingsby")
BANDS = ("Ferrymen", "Typists", "Cartographers", "Lamplighters", "Weavers", "Postmen", "Beekeepers", "Glaziers", "Understudies",
         "Hotel Porters", "Gardeners", "Stokers", "Cellar Choir", "Map Room", "Quartet", "Trio", "Ensemble", "Workshop", "Sisters", "Union")
