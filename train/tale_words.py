"""Names, creatures, places and things for the tales, with what a tale has to know about each."""

GIRLS = """Anna Mia Ida Ruth Clara Emma Grace Kate Lucy Nora Rosa Sarah Tina Vera Zoe Lily Ella Ava Maya Leah Sofia
Hanna Greta Elsa Marta Nina Paula Olga Irene Alice Betty Daisy Edith Flora Gwen Hazel Ivy Jane Julia Karin Lena
Linda Lola Mary Molly Nancy Nelly Olive Penny Polly Rachel Rita Rose Sally Stella Susan Tess Tilda Willa Wendy Amina
Zainab Fatima Leila Noor Salma Priya Meena Lata Asha Rani Kavya Mei Lin Yuki Hana Aiko Sora Thandi Zola Naledi
Ayo Ngozi Amara Abeni Lucia Carmen Elena Ines Marisol Pilar Rosalind Beatrice Agnes Matilda Johanna Frieda Ingrid
Astrid Sigrid Freya Bridget Nuala Maeve Fiona Isla Heather Ines Odette Celeste Margot Colette Simone""".split()
BOYS = """Ben David Finn Henry Jack Leo Noah Paul Sam Tom Will Max Oscar Peter Adam Alan Albert Alfred Andrew Anton
Arthur Bruno Carl Charlie Colin Daniel Dennis Edgar Edward Emil Eric Felix Frank Fred George Gus Hans Harry Hugo Ian
Jacob James Jasper Jim Joe John Jonas Karl Kurt Lars Lewis Liam Louis Luke Mark Martin Matt Mick Milo Ned Neil Nick
Nils Olaf Oliver Otto Owen Pablo Philip Ralph Ray Robert Robin Rolf Rory Rufus Simon Stefan Steven Theo Tim Toby Tony
Victor Walter Willy Yusuf Omar Hassan Karim Ali Rahul Arjun Ravi Kiran Manu Sipho Themba Kofi Kwame Jabu Bongani
Chidi Tunde Kenji Taro Hiro Wei Ming Diego Mateo Luis Marco Paolo Pedro Rafael Ivan Boris Dmitri Sven Magnus""".split()
PET_NAMES = """Rex Bella Coco Rocky Luna Pepper Patch Socks Rusty Biscuit Ginger Smoky Button Pickle Muffin Nutmeg
Copper Dusty Star Shadow Snowy Tiger Bramble Clover Ziggy Pip Bonnie Captain Duke Lady Fluff Speckle""".split()

# Creatures: homes, and what they can do that others cannot.
ANIMALS = {
    "fox": "den", "hare": "field", "rabbit": "burrow", "hedgehog": "heap of leaves", "badger": "den", "mouse": "hole",
    "squirrel": "nest", "owl": "tree", "crow": "tree", "sparrow": "nest", "robin": "nest", "duck": "pond",
    "goose": "yard", "hen": "yard", "frog": "pond", "toad": "garden", "bear": "cave", "wolf": "den", "deer": "wood",
    "mole": "tunnel", "otter": "river bank", "beaver": "pond", "turtle": "pond", "snail": "garden", "ant": "hill",
    "bee": "hive", "beetle": "log", "cat": "barn", "dog": "yard", "goat": "stable", "sheep": "meadow", "pig": "sty",
    "donkey": "stable", "pony": "stable", "horse": "stable", "cow": "stable", "lion": "cave", "elephant": "plain",
    "monkey": "tree", "parrot": "tree", "giraffe": "plain", "zebra": "plain", "hippo": "river", "tiger": "jungle",
    "crab": "beach", "seal": "beach", "penguin": "shore", "swan": "lake", "stork": "nest", "raven": "tree",
    "magpie": "tree", "cricket": "meadow", "butterfly": "meadow", "kitten": "barn", "puppy": "yard", "lamb": "meadow",
    "duckling": "pond", "bat": "cave", "rat": "cellar", "weasel": "wood", "lizard": "wall", "camel": "desert"}
SMALL = """hare rabbit hedgehog mouse squirrel sparrow robin duck hen frog mole snail turtle kitten puppy lamb duckling
cricket beetle ant lizard""".split()
STRONG = "wolf bear lion tiger fox".split()
ABILITIES = {
    "flier": (["crow", "owl", "swan", "stork", "raven", "sparrow", "eagle", "goose", "magpie"], "fly"),
    "swimmer": (["otter", "frog", "fish", "beaver", "duck", "seal", "turtle"], "dive"),
    "digger": (["mole", "badger", "rabbit", "dog", "fox"], "dig"),
    "strong": (["bear", "ox", "elephant", "horse", "donkey", "goat"], "push"),
    "gnawer": (["mouse", "rat", "squirrel", "beaver", "hare"], "gnaw"),
    "climber": (["squirrel", "monkey", "cat", "lizard"], "climb")}
ADJECTIVES = {
    "animal": "little small young clever brown grey lively hungry curious lonely merry quick lazy shy proud gentle "
              "white black brave silly tired old".split(),
    "child": "little small young clever kind brave quiet cheerful curious shy lively poor good careful "
             "stubborn".split(),
    "folk": "poor old kind clever honest lonely cheerful quiet hard-working good young rich wise".split(),
    "royal": "old young wise good proud rich kind lonely sad great".split(),
    "magic": "old lonely huge grumpy wicked kind terrible sleepy strange proud".split()}

FOLK = {"miller": "m", "fisherman": "m", "woodcutter": "m", "shepherd": "m", "farmer": "m", "tailor": "m",
    "baker": "m", "blacksmith": "m", "soldier": "m", "weaver": "f", "cobbler": "m", "sailor": "m", "ferryman": "m",
    "potter": "m", "gardener": "m", "clockmaker": "m", "hunter": "m", "carpenter": "m", "widow": "f",
    "washerwoman": "f", "goose girl": "f", "dairymaid": "f", "seamstress": "f", "shepherdess": "f", "cook": "f",
    "beekeeper": "m", "candle maker": "m", "bricklayer": "m", "innkeeper": "m", "peddler": "m", "musician": "m",
    "spinner": "f", "charcoal burner": "m", "basket maker": "f", "bell ringer": "m", "painter": "m",
    "lighthouse keeper": "m", "stonecutter": "m"}
ROYALS = {"king": "m", "queen": "f", "prince": "m", "princess": "f", "duke": "m", "sultan": "m", "emperor": "m"}
MAGIC = {"giant": "m", "witch": "f", "dwarf": "m", "fairy": "f", "dragon": "m", "troll": "m", "ogre": "m",
         "wizard": "m", "mermaid": "f", "goblin": "m", "giantess": "f"}
KIN = {"mother": "f", "father": "m", "grandmother": "f", "grandfather": "m", "sister": "f", "brother": "m",
       "aunt": "f", "uncle": "m"}

COLOURS = "red blue green yellow white black brown grey purple orange pink golden silver".split()
# what a child may own and lose
TOYS = """ball kite doll drum whistle scarf hat cap ribbon shoe mitten book puppet boat basket lantern umbrella bracelet
marble kettle blanket flute trumpet top pencil bell button balloon spoon cup bag belt shawl""".split()
# what can be found, with an owner somewhere
TREASURES = """key ring coin bell locket box cup crown mirror necklace lamp flute bottle map letter whistle watch spoon
shell feather stone button brooch egg comb thimble purse medal""".split()
METALS = "golden silver rusty shiny tiny old strange little bright iron copper glass heavy beautiful".split()
FOODS = """apple pear cake pie cheese bun sausage carrot cabbage melon plum pumpkin turnip fish loaf cookie pancake
corncob mango coconut""".split()
SUPPLIES = ["bread", "soup", "porridge", "cheese", "honey", "nuts", "berries", "milk", "apples", "beans", "corn",
            "fish", "rice", "potatoes", "pancakes", "cherries", "carrots", "eggs", "grapes", "mushrooms"]
MATERIALS = ["wood", "straw", "rope", "stones", "nails", "cloth", "clay", "planks", "bricks", "sticks", "leaves",
             "paper", "reeds", "string"]

# Places: name, where one is when there, hiding places there.
PLACES = {"the garden": ("in", ["under the rose bush", "behind the shed", "between the cabbages",
            "beside the old well", "under the apple tree", "under the bench", "behind the fence"]),
    "the forest": ("in", ["under a heap of leaves", "behind a mossy stone", "in a hollow tree",
            "beside a fallen tree", "among the ferns", "between the roots of an oak", "under a bush"]),
    "the wood": ("in", ["under a thorn bush", "at the foot of a pine", "in the moss", "behind a stump",
            "beside a little spring", "in an old nest"]), "the river": ("by", ["in the mud", "among the reeds",
            "under the bridge", "between two stones", "on the bank", "under a willow", "in the shallow water"]),
    "the lake": ("by", ["on the sand", "in the reeds", "under the old boat", "beside the landing stage",
            "between the stones on the shore"]), "the beach": ("on", ["in the sand", "under a piece of wood",
            "among the shells", "behind a rock", "in a heap of seaweed", "under an old net"]), "the meadow": ("in", [
            "in the tall grass", "beside a molehill", "under the hedge", "among the flowers", "next to the gate"]),
    "the barn": ("in", ["in the hay", "under the cart", "behind the sacks", "on the highest beam", "in an old bucket",
            "beside the ladder"]), "the mill": ("at", ["behind the flour sacks", "under the stairs",
            "beside the wheel", "on the window sill"]), "the market": ("at", ["under a table", "between two baskets",
            "beside the fountain", "behind the fish stall"]), "the village": ("in", ["beside the well",
            "in front of the church", "behind the bakery", "on the bridge", "under the big lime tree"]),
    "the park": ("in", ["under a bench", "beside the pond", "behind the swings", "under a big tree", "on the path"]),
    "the school": ("at", ["under a desk", "behind the door", "on the stairs", "in the yard", "on the window sill"]),
    "the castle": ("in", ["in the tower", "under the throne", "behind a curtain", "in the kitchen", "in the cellar"]),
    "the mountain": ("on", ["behind a rock", "in a cave", "under the snow", "beside the path",
            "in a crack of the stone"]), "the hill": ("on", ["under a stone", "beside the old oak",
            "in the short grass", "behind the wall"]), "the harbour": ("at", ["under a net", "behind a barrel",
            "in an old boat", "between two ropes", "on the steps"]), "the orchard": ("in", ["under a pear tree",
            "in the grass", "behind the ladder", "in a basket"]), "the field": ("in", ["between the furrows",
            "under a sheaf", "beside the scarecrow", "under a big leaf"]), "the island": ("on", ["under a palm tree",
            "between the rocks", "in the sand", "in a little cave"]), "the attic": ("in", ["in an old chest",
            "behind the chimney", "under a dusty sheet", "beside the window"]), "the kitchen": ("in", [
            "under the table", "behind the stove", "in a drawer", "on the shelf", "in a pot"]),}
FAR = {"the mountain": ("on top of", "at the top"), "the island": ("on", "in the middle"),
       "the dark forest": ("in", "in the middle"), "the last hill": ("behind", "at the foot"),
       "the desert": ("in", "in the middle"), "the great swamp": ("in", "behind the reeds"),
       "the valley": ("in", "at the far end"), "the glass hill": ("on", "at the very top"),
       "the old tower": ("in", "under the roof"), "the cave": ("in", "deep inside")}
HOMES = ["a small house at the end of a village", "a little cottage beside a stream", "a hut near the sea",
         "a farm between two hills", "a stone house on a hill", "a town by the sea", "a village in the mountains",
         "a cottage in the forest", "a narrow house in a busy street", "an old mill by the river",
         "a hut at the foot of a mountain", "a village at the edge of the desert", "a cabin in the snow",
         "a little house with a green door", "a house behind the church", "a tiny room above a bakery",
         "a farmhouse with a red roof", "a wooden house by a lake", "a small town with a big market",
         "a cottage at the edge of a dark forest", "a lonely house on the moor", "a valley full of apple trees",
         "a house beside a wide river", "a fishing village", "a house under three tall trees"]
WILD_HOMES = ["a hollow tree", "a hole under an old oak", "a cosy den on the hill", "a nest of dry grass",
              "a burrow at the edge of the wood", "a cave behind a waterfall", "a hole in the garden wall",
              "a den among the rocks", "a thick bush by the stream", "the roots of a tall pine", "a big green forest",
              "a sunny meadow", "a heap of leaves beside a fence", "the reeds by a quiet pond", "an old barn",
              "a wood full of birds", "a field behind a farm", "a corner of a big garden"]

FEARS = {"the dark": "night", "thunder": "storm", "deep water": "river", "high places": "tree",
         "the old cellar": "cellar", "dogs": "dog", "strangers": "stranger", "loud noises": "storm",
         "the forest": "forest"}
SKILLS = {"swim": ("lake", "swam"), "whistle": ("hill", "whistled"), "play the flute": ("square", "played"),
          "bake bread": ("kitchen", "baked"), "read": ("school", "read"), "dance": ("square", "danced"),
          "ride a horse": ("meadow", "rode"), "sing": ("church", "sang"), "fly a kite": ("hill", "flew the kite"),
          "draw": ("school", "drew"), "row a boat": ("lake", "rowed"), "juggle": ("market", "juggled"),
          "skate": ("frozen lake", "skated"), "climb": ("tall tree", "climbed"), "dive": ("river", "dived")}
