"""What happens in the made-up world, and how often."""
from plots_quests import basket, healing_quest, lighthouse, royal_children, spell, storm_at_sea
from plots_fables import little_rescuer, lost_young, night_thief, race, sharing, trick, winter_store
from plots_wonders import giant, house_in_wood, magic_axe, night_visitor, three_wishes
from plots_days import (building, evening_habit, fear_overcome, found_key, gift, learning, lost_thing, newcomer,
    promise, quarrel, seed, small_day, trading)

# A plot that stands here twice is told twice as often.
PLOTS = [lost_thing, healing_quest, fear_overcome, sharing, trick, race, building, gift, newcomer, storm_at_sea,
    storm_at_sea, royal_children, royal_children, three_wishes, three_wishes, magic_axe, found_key, found_key,
    night_visitor, night_visitor, giant, giant, giant, evening_habit, evening_habit, evening_habit, house_in_wood,
    house_in_wood, promise, learning, lost_young, night_thief, spell, basket, seed, quarrel, winter_store, trading,
    lighthouse, little_rescuer, small_day, small_day]
