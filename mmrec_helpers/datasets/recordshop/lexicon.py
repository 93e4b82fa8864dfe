"""The words of the record shop's notes, by what they tell. Data of `words`."""

from __future__ import annotations

EASY: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (  # mountains, sea
        ("the high pass", "a ridge under snow", "pine slopes", "the summit hut", "goat bells on the slope", "granite and thin air",
         "the last ledge before the peak", "a glacier creaking", "the steep trail", "cold streams off the peak", "a valley far below",
         "the cable car", "alpine meadows", "boulders and heather", "the mountain road", "an avalanche far off", "eagles above the cliff",
         "the shepherd's hut", "peaks in the dusk", "the long climb", "a rope and a ledge", "the tree line"),
        ("the harbour wall", "salt on the windows", "a slow tide", "gulls over the pier", "the lighthouse beam", "waves on shingle",
         "a ferry leaving port", "fishing boats", "the undertow", "driftwood and rope", "an empty beach", "sails on the bay",
         "the fog horn", "surf against the rocks", "the ocean floor", "a sailor's coat", "nets drying on the quay", "the coast in the rain",
         "an island in the mist", "the deep swell", "kelp and foam", "the shore at low water")),
    (  # village, city
        ("the village green", "a barn dance", "the miller's lane", "a farmhouse kitchen", "hay in the loft", "the parish hall",
         "a well in the yard", "the baker's cart", "orchards behind the church", "geese on the path", "the blacksmith's door",
         "a fence along the field", "the harvest supper", "cows coming in", "the country fair", "a hamlet of nine houses",
         "stone cottages", "the duck pond", "a rooster on the wall", "the weekly market cart", "a plough left out", "the thatched inn"),
        ("the subway platform", "neon on wet asphalt", "taxis at the lights", "a rooftop above the traffic", "office towers",
         "the night bus downtown", "sirens on the avenue", "a crowded crossing", "steam from the gratings", "billboards",
         "the tram to the suburbs", "a lift to the thirtieth floor", "scaffolding and cranes", "the underpass", "a street vendor's radio",
         "pigeons on the boulevard", "the metro map", "a car park at closing time", "the skyline", "concrete stairwells",
         "the late kiosk", "apartment blocks")),
    (  # morning, night
        ("first light", "coffee before anyone is up", "dew on the grass", "the breakfast table", "a sunrise through thin curtains",
         "birdsong at dawn", "the early train", "a kettle coming to the boil", "the paper on the doorstep", "a window thrown open at six",
         "pale sun on the floor", "yawning and toast", "the milk float", "a cockcrow", "the day's first hour", "new bread",
         "sunlight on the stairs", "the school run", "a clean shirt", "the morning bell", "daybreak", "the alarm clock"),
        ("the small hours", "a lamp left burning", "moonlight on the floor", "the last bar open", "stars over the roof", "midnight rain",
         "a sleepless hour", "shadows in the hall", "owls", "the dark end of the street", "candle smoke", "a dream half told",
         "the witching hour", "street lamps going out", "a black window", "bats at dusk", "the lateness of it all", "insomnia",
         "a nightcap", "blue darkness", "the moon's other side", "lights out")),
)
"""For each easy axis, the things that tell its negative and its positive pole."""

BOTH = (
    "You can hear {a} in it, and further off {b}.", "The second side opens on {a} and never quite leaves {b}.",
    "It was written about {a}, they say, and recorded with {b} in mind.", "Put it on and there is {a}; turn it over and there is {b}.",
    "The sleeve talks of {a}; the playing is all {b}.", "Between {a} and {b} there is hardly a pause.",
    "Our favourite moment lies somewhere between {a} and {b}.", "First comes {a}, then, when you no longer expect it, {b}.",
    "Think of {a}, then of {b}, and you are close.", "It smells of {a}, of {b}, of nothing made in a hurry.",
    "One piece is called after {a}, another might as well be called after {b}.", "Everything here leads from {a} to {b}.",
    "Whoever has known {a} will nod; whoever has not will at least see {b}.", "There is {a} in the words and {b} in the echo.",
    "A friend of the shop hears {a}, we hear {b}; both are right.", "The long piece sets {a} against {b} and lets neither win.",
    "Half of it belongs to {a}, the other half to {b}.", "With eyes closed you see {a}; with eyes open, {b}.",
    "They keep coming back to {a}, and once, beautifully, to {b}.", "The notes mention {a} twice and {b} on every page.",
)
ONE = (
    "Somewhere in the middle {a} comes into view.", "For a minute or so it is all about {a}.", "The title piece is about {a}.",
    "Listen for {a} towards the end.", "There is even a line on {a}.", "A customer said it reminded her of {a}.",
    "It ends, as it should, with {a}.", "One verse gives you {a} and leaves it at that.", "The photograph inside shows {a}.",
    "Nothing much happens, apart from {a}.", "We were thinking of {a} for days afterwards.", "The single was nearly called after {a}.",
)

PAIRED: tuple[tuple[tuple[str, str], ...], ...] = (
    (  # solitude, love
        ("nobody waits at the end of these {songs}, and nobody is missed", "somebody waits at the end of these {songs}, and is missed"),
        ("the table in these {songs} is laid for one and no chair is added", "the table in these {songs} was laid for one and a chair is added"),
        ("she closes the door and is glad that no one knocks", "she opens the door before anyone has knocked, and is glad"),
        ("the voice says I where others would say we", "the voice says we where others would say I"),
        ("the letter in the third of the {songs} is written and never sent", "the letter in the third of the {songs} is sent before it is written"),
        ("two shadows turn out to be one", "one shadow turns out to be two"),
        ("when the phone rings it is let ring", "when the phone rings it is already in the hand"),
        ("there is room on the bench, and room is what is wanted", "there is no room on the bench, and that is what is wanted"),
        ("what is said here is said to the wall", "what is said here is said to a shoulder"),
        ("he learns every name and then keeps to his own", "he forgets every name and then keeps to one"),
        ("the dance is danced, quite happily, without a partner", "the dance is not danced, quite happily, since the partner talks"),
        ("the second cup stays in the cupboard", "the second cup never stays in the cupboard"),
    ),
    (  # future, memory
        ("nothing in these {songs} has happened yet", "everything in these {songs} has happened already"),
        ("the year they sing of is not on any calendar so far", "the year they sing of is on no calendar any more"),
        ("the children in it are older than their parents will ever be", "the parents in it are once again as young as their children"),
        ("each of the {songs} asks what comes after", "each of the {songs} asks what came before"),
        ("the photograph is of a house that is yet to be built", "the photograph is of a house that has long been pulled down"),
        ("they tune the radio to a station that does not exist yet", "they tune the radio to a station that does not exist now"),
        ("it is packed with things that will need a name", "it is packed with things that have lost their name"),
        ("grandchildren are spoken of before anyone has met", "grandparents are spoken of as if one had just met"),
        ("the words are in a tense that looks ahead", "the words are in a tense that looks over its shoulder"),
        ("what they promise here they have still to do", "what they did here they have still to get over"),
        ("the clock is put forward and left there", "the clock is put back and left there"),
        ("you leave it knowing less of what was and more of what might be", "you leave it knowing less of what might be and more of what was"),
    ),
    (  # home, journey
        ("whoever sets out in these {songs} is back before the soup is cold", "whoever sits down in these {songs} is gone before the soup is cold"),
        ("the coat stays on its hook", "the hook has long been without its coat"),
        ("the suitcase is under the bed, and dust is on it", "the dust is under the bed, and the suitcase is not"),
        ("they know the way so well that they do not take it", "they do not know the way, so they take it"),
        ("the key is turned from within", "the key is handed back"),
        ("each of the {songs} ends in the room where it began", "none of the {songs} ends in the room where it began"),
        ("the map is used to wrap something up", "something is unwrapped, and it is a map"),
        ("the dog knows every step of these {songs} and sleeps through it", "no dog knows the steps of these {songs} or sleeps through them"),
        ("what changes is the weather; the chair by the wall does not", "what does not change is the weather; the chair by the wall is another each time"),
        ("the neighbours are known by their cough", "the neighbours are known for a night"),
        ("they wave from the platform and walk back", "they wave from the window and do not walk back"),
        ("the address has been the same for all the {songs}", "the address is another one for each of the {songs}"),
    ),
)
"""For each structural axis, pairs of one thought turned round: much the same words, the other meaning."""

SONGS = ("songs", "pieces", "tracks", "tunes", "numbers", "recordings", "sides", "takes")
LEADS = ("", "all the same, ", "here ", "listen twice: ", "note that ", "by the end ", "as we hear it, ", "more than once ",
         "in short, ", "oddly enough, ", "on both sides ", "between the lines ", "as before, ", "for once ", "as a rule ",
         "we noticed that ", "it is said that ", "in the last minute ", "on the first side ", "on the second side ",
         "quietly, ", "without any fuss ", "you will find that ", "as it happens, ", "in so many words, ", "of course ")
HINTS = (
    (("alone again, ", "all alone, ", "alone at last, ", "alone as ever, ", "quite alone, ", "alone in a room, ", "perhaps alone, ", "once more alone, "),
     ("together again, ", "all together, ", "together at last, ", "together as ever, ", "quite together, ", "together in a room, ", "perhaps together, ", "once more together, ")),
    (("tomorrow again, ", "all tomorrow, ", "tomorrow at last, ", "tomorrow as ever, ", "quite tomorrow, ", "tomorrow in a room, ", "perhaps tomorrow, ", "once more tomorrow, "),
     ("yesterday again, ", "all yesterday, ", "yesterday at last, ", "yesterday as ever, ", "quite yesterday, ", "yesterday in a room, ", "perhaps yesterday, ", "once more yesterday, ")),
    (("indoors again, ", "all indoors, ", "indoors at last, ", "indoors as ever, ", "quite indoors, ", "indoors in a room, ", "perhaps indoors, ", "once more indoors, "),
     ("abroad again, ", "all abroad, ", "abroad at last, ", "abroad as ever, ", "quite abroad, ", "abroad in a room, ", "perhaps abroad, ", "once more abroad, ")),
)
"""Leads that give a structural theme away, used now and then: by axis, negative and positive pole."""

POLES = (("mountain", "sea"), ("village", "city"), ("morning", "night"))
NAMED = ("It is a {pole} record, {adjective} as they come.", "The {pole} is never far, and it is {adjective}.",
         "Call it {pole} music, of the {adjective} kind.", "This is what a {adjective} {pole} sounds like.",
         "Somebody here knows the {pole}, and is {adjective} about it.", "Few {pole} records are as {adjective}.",
         "The word {pole} falls {people} times, each time a little more {adjective}.",
         "You need not like the {pole} to find it {adjective}.")
"""Sentences that name a pole outright, for strong themes."""

OPENINGS = (
    "{artist} made this {adjective} thing in {weeks} weeks, with {people} friends and a borrowed {thing}.",
    "Number {number} on our list of {adjective} records to save from a fire, right after the {thing}.",
    "A {adjective} record from {artist}, who took {weeks} weeks over it and one {thing} apart.",
    "{artist} again, {adjective} as ever, this time with {people} others and a {thing} in the room.",
    "We ordered {number} copies of this {adjective} one by {artist} and kept {people} for ourselves.",
    "Pressed in an edition of {number}00, {adjective} as its sleeve, on which there is a {thing}.",
    "What a {adjective} thing {artist} has made here, and how {other} about it.",
    "{artist} used to mend a {thing} for a living; now there is this, {adjective} and {other}.",
    "The {number}th release on a {adjective} label run from behind a {thing}.",
    "Taped in {weeks} afternoons, {adjective} throughout, with a {thing} audible if you know where.",
    "{people} players, {weeks} days, one {adjective} idea carried through to the {other} end.",
    "If you buy one {adjective} record this year, {artist} hopes it is this {other} one.",
    "It took {artist} {weeks} years, {people} of them with a broken {thing}, to sound so {adjective}.",
    "The {thing} on the sleeve is real, says {artist}, and as {adjective} as it looks.",
)
CLOSINGS = (
    "Recommended to anyone with {weeks} hours, a {adjective} mood and a {thing}.",
    "Comes with a {adjective} insert, a drawing of a {thing} and a download.",
    "Ask for the {adjective} one by the {thing}; we have {people} left.",
    "The vinyl is {adjective}, the price is {other}.",
    "It stayed on our turntable for {weeks} {adjective} days.",
    "Not for every {adjective} ear, and all the more {other} for that.",
    "Sounds best on the {number}th listening, {adjective} on the first.",
    "File it between the {adjective} ones and the {other} ones.",
    "We rate it {number} out of ten, being in a {adjective} mood.",
    "Sleeve a little {adjective}, disc {other} as new.",
    "Play it to {people} {adjective} people and watch their faces.",
    "{artist} signs copies next week, next to the {adjective} {thing}.",
    "Buy it, {adjective} reader, before we hide it behind the {thing}.",
)
ADJECTIVES = ("patient", "generous", "stubborn", "unhurried", "playful", "careful", "odd", "handsome", "modest", "restless", "tender",
              "plain", "curious", "bold", "gentle", "quiet", "wry", "rough", "open", "warm-hearted", "sly", "earnest", "slight",
              "spacious", "tidy", "raw", "honest", "elegant", "lopsided", "sturdy", "supple", "graceful")
THINGS = ("tape machine", "harmonium", "microphone", "clock", "typewriter", "bicycle", "mixing desk", "sewing machine", "camera",
          "gramophone", "loudspeaker", "metronome", "stove", "van", "echo unit", "piano stool")

INSTRUMENTS = {
    0: ("slow pads", "a slow drone", "slow bowed bells", "drone upon drone"),
    1: ("a string quartet", "the strings and an oboe", "a cello among strings", "the quartet"),
    2: ("an old drum machine", "sequencers and a machine", "acid from a sequencer", "modular sequencers"),
    3: ("a fiddle", "fiddle and banjo", "the banjo", "fiddle, banjo and an accordion"),
    4: ("dusty breaks", "breaks and scratching", "scratching over a loop", "a loop of breaks"),
    5: ("a walking bass", "vibraphone and walking bass", "the vibraphone", "brushes and vibraphone"),
    6: ("congas", "congas and clave", "the clave", "timbales over congas"),
    7: ("two loud guitars", "feedback and guitars", "power chords and feedback", "guitars through a broken amplifier"),
}
"""By genre: what it is played on."""

PLAYED = ("The {adjective} arrangement rests on {a}.", "What holds this {adjective} thing together is {a}.",
          "Much of the {adjective} pleasure is in {a}.", "It would be half as {adjective} without {a}.",
          "The playing is close and {adjective}, with {a} to the fore.", "Hear it, {adjective} as it is, for {a} alone.",
          "There is {a}, and there is the {adjective} silence round it.", "They lean on {a} and are {adjective} about it.")

TITLE_WORDS = ("Paper", "Copper", "Glass", "Velvet", "Hollow", "Second", "Borrowed", "Quiet", "Crooked", "Silver", "Golden", "Slow",
               "Little", "Other", "Northern", "Southern", "Seven", "Eleven", "Open", "Folded", "Early", "Patient", "Wooden", "Linen",
               "Amber", "Honest", "Distant", "Even", "Broken", "Plain", "Bright", "Round", "Unsent", "Idle", "Familiar", "Green")
TITLE_NOUNS = ("Lanterns", "Letters", "Gardens", "Rooms", "Ladders", "Signals", "Orchards", "Mirrors", "Threads", "Engines", "Feathers",
               "Windows", "Rivers", "Numbers", "Shadows", "Bridges", "Kites", "Clocks", "Maps", "Stones", "Doors", "Wires", "Boats",
               "Hands", "Questions", "Seasons", "Postcards", "Candles", "Coats", "Rules", "Corners", "Weather", "Alphabets", "Sundays",
               "Echoes", "Bells")
NAMES = ("Ada", "Bruno", "Carla", "Dario", "Edda", "Fenn", "Greta", "Hal", "Ines", "Jonas", "Kaya", "Lev", "Mira", "Nils", "Odile",
         "Pavel", "Quinn", "Rosa", "Sven", "Tilda", "Ulla", "Vito", "Wanda", "Yara", "Zeno", "Amadou", "Bao", "Chika", "Devi", "Emre")
SURNAMES = ("Vanterpool", "Okafield", "Brandel", "Lindqvar", "Moreto", "Castellane", "Duvrier", "Hartwell-Noor", "Ishikado", "Jurgens",
            "Kowalik", "Laurentz", "Mbekele", "Nordahlen", "Ostrovar", "Pellegrane", "Quistgard", "Rosenbeck", "Santorro", "Tavernel",
            "Umbrecht", "Vasilenka", "Westerholt", "Yamadori", "Zielonka", "Abernoth", "Birchmont-Low", "Corvane", "Delacourte", "Ellingsby")
BANDS = ("Ferrymen", "Typists", "Cartographers", "Lamplighters", "Weavers", "Postmen", "Beekeepers", "Glaziers", "Understudies",
         "Night Porters", "Gardeners", "Stokers", "Cellar Choir", "Map Room", "Quartet", "Trio", "Ensemble", "Workshop", "Sisters", "Union")

ZH_EASY = (
    (("雪线上的山脊", "松林间的小路", "山口的风", "牧羊人的小屋", "悬崖上的鹰", "冰川的裂响"), ("港口的防波堤", "窗上的盐粒", "缓慢的潮水", "灯塔的光", "离岸的渡船", "浪花与海藻")),
    (("村口的水井", "谷仓里的干草", "乡间的石屋", "田埂上的鹅", "教堂后的果园", "乡村的集市"), ("地铁站台", "湿街上的霓虹", "十字路口的人潮", "高楼的天台", "末班公交", "天桥下的车流")),
    (("第一缕晨光", "草上的露水", "清早的咖啡", "黎明的鸟鸣", "早班火车", "刚出炉的面包"), ("午夜的雨", "地板上的月光", "一盏未熄的灯", "屋顶的星星", "失眠的钟点", "最后打烊的酒馆")),
)
ZH_PAIRED = (
    (("没有人在歌的尽头等着,也没有人被想念", "桌上只摆一副碗筷,并不多添一把椅子", "电话响了,就让它响着"), ("有人在歌的尽头等着,也一直被想念", "桌上本来一副碗筷,后来多添了一把椅子", "电话才响,已经拿在手里")),
    (("这里唱的事情都还没有发生", "照片上的房子还没有盖起来", "每一首都在问以后会怎样"), ("这里唱的事情都早已发生", "照片上的房子早就拆掉了", "每一首都在问从前是怎样")),
    (("外套一直挂在钩子上", "出门的人汤还没凉就回来了", "每一首都在开头的那间屋里结束"), ("钩子上早就没有外套了", "坐下的人汤还没凉就走了", "没有一首在开头的那间屋里结束")),
)
ZH_FRAMES = ("你会听见{a},远处还有{b}。", "一面是{a},另一面是{b}。", "歌词里有{a},回声里有{b}。", "从{a}一直唱到{b}。", "闭上眼是{a},睁开眼是{b}。")
ZH_ONE = ("中间有一段写的是{a}。", "结尾落在{a}上。", "内页的照片拍的是{a}。", "有一句提到{a}。")
ZH_OPENINGS = ("这是一张不慌不忙的唱片,录得很近,也很干净。", "店里的人都喜欢这一张,反复放了好几天。", "几个朋友用了几个星期录成,没有一处多余。", "第一遍听来平常,第三遍才听出好处。", "封套朴素,里面的东西却一点不简单。")
ZH_CLOSINGS = ("值得坐下来慢慢听。", "库存不多,欢迎来店里试听。", "推荐给有耐心的耳朵。", "放给朋友听,看看他们的表情。")
