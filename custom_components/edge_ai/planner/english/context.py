"""English words of requests: whose, where, how much, how long and why."""

from __future__ import annotations

from ...messages import Quantity
from ..lexicon import Kind, Table

CONTEXT: Table = {
    (Kind.ME, None): """
        i | me | my | mine | myself | my own | own | im | ive | id
    """,
    (Kind.PRONOUN, None): """
        he | she | him | her | his | hers | their | theirs | them | they | himself | herself
    """,
    (Kind.EVERYONE, None): """
        everyone | everybody | everyones | everybodys | all of us | all [the] family members
        the whole/entire family
        everyone else | all family members | each of us | every family member | all of them
        each person | every person | both of us | all people | us all | the family | our
    """,
    (Kind.HERE, None): """
        here | in here | in this room | this room | this place | [in] the room | at home
        in the house | in the home | in the apartment | in the flat | around here
        in my/our house/home/apartment/flat/place | around the house | home | the house | in there
        there | in the building | inside | around | at my place | this area | this space
        the place
    """,
    (Kind.OF, None): """
        of | for
    """,
    (Kind.OWNER, None): """
        's
    """,
    (Kind.AND, None): """
        and | as well as | plus | along with | together with | also | then | and then | and also
        afterwards | after that | in addition | instead
    """,
    (Kind.OR, None): """
        or | nor | either
    """,
    (Kind.NOT, None): """
        not | never | stopped being | stops being | stop being | no | neither | without
        cease to be | is no longer | no longer is | isnt | arent | am no longer | dont
        are no longer | doesnt | not [any] longer | ceases to be
    """,
    (Kind.ALL, None): """
        everything | all | anything | all of it | all of that | all of them | the lot
        all of this | whole thing | all sensors | the whole thing | any of it | it all | any
    """,
    (Kind.COMPARE, ">"): """
        above | over | more than | higher than | greater than | bigger than | faster than
        exceeds/exceed/exceeded/exceeding | beyond | past
        [goes/rises/climbs/gets/is/stays/jumps/shoots] above/over/past/beyond | surpasses/surpass
        tops | larger than | longer than | in excess of | upwards of | crosses/cross | passes | >
        breaks | upward of | crossing | exceeding
    """,
    (Kind.COMPARE, "<"): """
        ~slow below/under | ~dip below/under | ~sink below/under | below | under | less than
        lower than | fewer than | slower than | smaller than | beneath
        < | short of | underneath
    """,
    (Kind.COMPARE, ">="): """
        at or above/over | at least | reach/reaches/reached/reaching | hit/hits/hitting
        no less than
        not less than | > = | climbs to | rises to | goes up to | minimum of | gets to | get to
        up to | not below | goes as high as
    """,
    (Kind.COMPARE, "<="): """
        at or below/under | at most | no more than | not more than
        falls/drops/sinks/fall/drop/sink [down] to
        goes down to | gets down to | slows/slow [down] to | < = | down to | maximum of
        goes as low as
    """,
    (Kind.COMPARE, "=="): """
        exactly | equals | equal to | is exactly
    """,
    (Kind.COMPARE_BEHIND, ">="): """
        or more | or higher | or above | or over | or greater | and above | and higher | or up
        plus bpm | and up | or faster
    """,
    (Kind.COMPARE_BEHIND, "<="): """
        or less | or lower | or below | or under | or fewer | and below | and lower | or slower
    """,
    (Kind.RANGE, "outside"): """
        outside [of] [the] [range] [of] | out of the range [of]
    """,
    (Kind.RANGE, "inside"): """
        between | range | in/within the range [of] | within the range [of]
    """,
    (Kind.UNIT, Quantity.HEART_RATE): """
        bpm | beats per/a minute | beats | beats/min | heartbeats per/a minute | beat per minute
    """,
    (Kind.UNIT, Quantity.BREATHING_RATE): """
        breaths per/a minute | breaths/min | breaths | breath per minute | times per/a minute
        brpm | respirations per minute
    """,
    (Kind.UNIT, None): """
        per minute | percent | / minute | / min | times
    """,
    (Kind.NEXT, None): """
        for the upcoming | for the coming | for the following | for about | for roughly
        over the upcoming | for a total of | next/following/coming
        for/over/during/within/in/throughout/through the next/following/coming | for the rest of
        starting now for | within | from now | from now on for | lasting | for the duration of
        over the course of the next | for another | upcoming | duration | duration of
        for a duration/period/length/span/stretch/total of | for a period of time of
        over a period of | for the next | over the coming | time limit | in the space of
        for a full | for approximately | for around | for nearly
    """,
    (Kind.PAST, None): """
        last | past | previous | in/over/during/for/within the last/past/previous | so far | ago
        in the past few | recent | over the course of the last | just now
    """,
    (Kind.HOLD, None): """
        lasts | lasting | last for | goes on for | continues for | without [a] break
        uninterrupted | uninterruptedly | nonstop | straight | in a row | consecutive | stays
        remains | continuously for | stay | remain | staying | remaining | persists | keeps being
        nonstop for | non stop for | keeps on | for at least please | keeps up for | holds for
        holds | is sustained for | sustained for | sustained | persists for | goes on
        drags on for
    """,
    (Kind.CHANGE, None): """
        irregular | erratic | abnormal | unstable | uneven | strange | weird | unusual
        out of the ordinary | not normal | off normal | change/changes/changed/changing
        shift/shifts/shifted/shifting | swings | switches | fluctuates | anything changes
        something changes | vary/varies | differs | different | acts up | acting up | goes crazy
        goes haywire | goes weird | looks off | seems off | is off | gets irregular
        are/is/seem [way/always] off
        becomes irregular | is irregular | out of range | outside the normal range
        out of the normal range | leaves the normal range | gets erratic | goes off | is not right
        looks wrong | is wrong | gets weird | looks funny | goes funny
    """,
    (Kind.MOVE, 1): """
        ~improve | brighten/brightens/brightening | lifts | perks up | gets/getting/get better
        recovers | ~escalate | ~intensify | takes off | takes an upturn | grows | swells | mounts
        heightens | gets/get/getting worse for me | ~elevate | leaps | rockets | ~double
        rise/rises/rising/rose | increase/increases/increased/increasing
        go/goes/going/went/gone up | climb/climbs/climbing | spike/spikes/spiking/spiked
        jump/jumps | shoot/shoots up | speed/speeds up | accelerate/accelerates | pick/picks up
        elevate/elevates/ | build/builds up | surge/surges | soars | peaks | skyrockets
        worsen/worsens for | quickens | builds | escalates | ramps up | getting higher
        changes/change for the better | takes a turn for the better | is/are better
        is/are improving | is/are rising | is/are going up | is/are climbing
        is/are getting higher | races | racing | is/are racing | begins/starts to race
        starts racing | race | upward | ~spike | is/are spiking
    """,
    (Kind.MOVE, -1): """
        get/gets/getting really/very/so/too/pretty/extremely bad | is/are really/very/so/too bad
        ~worsen | ~decline | ~deteriorate | darkens | takes a turn for the worse | ~decrease
        ~drop | ~lower | ~diminish | ~plunge | ~crash | ~sag | nosedives | goes bad
        turns negative | goes downhill | reduces | abates | lightens | fall/falls/falling/fell
        drop/drops/dropping/dropped | decrease/decreases/decreasing | go/goes/going/went/gone down
        sink/sinks/sinking | slow/slows down | decline/declines | dip/dips/dipping
        plunge/plunges | plummets | eases [off/up] | lessens | subsides | tanks | worsens | worsen
        gets/get worse/bad | deteriorate/deteriorates/deteriorating | slump/slumps | sours
        turns bad | turns sour | come/comes down | gets lower | slips | takes a dip
        takes a nosedive | goes south | changes/change for the worse | gets the worse
        is/are worse | is/are getting worse | turns for the worse | gets bad | turns low
        is/are falling | is/are dropping | is/are going down | craters | tumbles | dives
        takes a hit | nosedive | downward
    """,
    (Kind.LEVEL, 1): """
        high | too high | very high | elevated | fast | too fast | very fast | racing | rapid
        too rapid | quick | too quick | unusually high/fast | really high/fast | quite high/fast
        abnormally high/fast | dangerously high/fast | higher | faster | too much | severe
        extreme | excessive | too quickly | quickly | unusually quickly | much higher | so fast
        pounding | hammering | thumping | so high | too elevated | raised | overly high
    """,
    (Kind.LEVEL, -1): """
        low | too low | very low | slow | too slow | very slow | unusually low/slow
        abnormally low/slow | dangerously low/slow | lower | slower | shallow | too slowly
        slowly | really low/slow | quite low/slow | weak | too shallow
    """,
    (Kind.BACKGROUND, None): """
        because | since | so that | so i | so we | so you | as i | as we | cause | cuz
        in order to | because of | due to | in order that | as my | as she | as he | so she
        so he | given that | now that | considering | seeing as | seeing that | thanks to the fact
        on account of | for i | for he | for she | as he is | as she is | since he | since she
        since i | out of worry | out of concern | just in case
    """,
    (Kind.BREAK, None): """
        so can/could/would/will you [please] | so please | so maybe you could/can
        so i want you to | so i would like you to | so can/could we | so just
    """,
    (Kind.YOU, None): """
        you | u | ur | your | yours | yourself | the assistant | this assistant | alexa | google
        siri
    """,
}
