"""English words of requests: quantities, states of mind and presence."""

from __future__ import annotations

from ...messages import Mood, Quantity
from ..lexicon import Kind, Table

_MOOD = (Quantity.MOOD,)
_STRESS = (Quantity.STRESS,)
_BREATHING = (Quantity.BREATHING_RATE,)
_HEART = (Quantity.HEART_RATE,)
_VITALS = (Quantity.BREATHING_RATE, Quantity.HEART_RATE)
_PRESENCE = (Quantity.PRESENCE,)
_USAGE = (Quantity.APP_USAGE,)

MEASURED: Table = {
    (Kind.QUANTITY, _MOOD): """
        mood/moods | feeling/feelings | feel/feels/felt | emotion/emotions
        emotional [state/well] | emotionally | state of mind | frame of mind | mental state
        spirits | mood swing/swings | wellbeing | well being | how i am doing | mental wellbeing
        mental well being | mental health | mindset | temper | morale | mood level/levels
        emotional wellbeing | emotional health | emotional condition | mental condition
        psychological state | vibe | disposition | emotional status | demeanor/demeanour
        mood state | how i feel | how i am feeling | how am feeling
        emotional level/levels/wellness | mental wellness | mood swings | mood score | mood rating
        inner state | state of my/his/her mind | emotional balance | mood trend | affective state
        emotional mood | happiness level
    """,
    (Kind.QUANTITY, _STRESS): """
        stress | stress level/levels | stress score | mental stress | tension | anxiety
        anxiety level/levels | stresslevel | strain | stress reading/readings
        tension level/levels | stress state | mental load | mental strain | nervousness | stressor
        stress amount | levels of stress | level of stress/anxiety/tension | amount of stress
        stress status | stress index | stress rating | stress indicator | stress load
        pressure level | anxiousness | psychological stress | emotional stress
        stress number/numbers | stress and strain | degree of stress
    """,
    (Kind.QUANTITY, _BREATHING): """
        breathing | breath/breaths | breathe/breathes | respiration/respirations | respiratory
        sleep breathing
        breathing/respiratory/respiration/breath/breathing rate/rates/frequency/speed
        breathing/respiratory/respiration/breath/breathing rhythm/pace/pattern/patterns
        rate of breathing/respiration | breaths per/a minute [rate] | inhaling and exhaling
        breathing per minute | inhalation/inhalations | respiratory function/activity
        frequency of breathing | breathing rate per minute | speed of breathing
        breathing/breath/respiration level/levels/count | breath/breathing count
        respiration count | rate of respirations | breathwork rate | breathing cycles
        breathing movement/movements | lung function please | rr | ventilation rate
    """,
    (Kind.QUANTITY, _HEART): """
        heart rate/rates | heartrate | heart beat/beats | heartbeat/heartbeats | pulse
        pulse rate | pulses | heart | heart beating | heart rhythm/frequency | hr
        cardiac rate/rhythm/activity/frequency | ticker | beats per minute rate
        beats a minute rate | cardiac | rate of heart | heart rate reading | hearts | bpm rate
        heart activity | bpm reading | heart speed | heart beat rate/rates | heart s beat
        beating of the/my/his/her heart | pulse beat | heart rate bpm | heartbeat rate
        heartbeats per/a minute rate | beats per minute please | heart pulse | pulse frequency
        cardiac pulse | rate of my/his/her heart/pulse | my heart s rate | heart pace
    """,
    (Kind.QUANTITY, _VITALS): """
        vital/vitals | vital signs/sign | vital parameters/data/statistics/stats
    """,
    (Kind.QUANTITY, _PRESENCE): """
        presence | occupancy | presence of people/persons/someone/anyone/a person | human presence
        whereabouts | room presence | room occupancy | occupancy state | presence detection please
        people presence | presence or absence | room usage
    """,
    (Kind.QUANTITY, _USAGE): """
        app/apps/application/applications use/usage/activity/time/habits/stats/statistics
        screen time/usage/use/activity | screentime
        phone/smartphone/mobile/tablet use/usage/activity/time/habits
        device/internet/ipad/cell/cellphone use/usage/activity/time/habits
        cell phone/mobile phone use/usage/time/activity/habits
        use/usage of [the] apps/phone/smartphone | doing online | up to online
        checks/checking his/her/my/their phone | check his/her/their phone | i check my phone
        time [spent] on [the] [his/her/my/their/a] phone/smartphone/apps/tablet
        time [spent] on [the] [his/her/my/their/a] screen/screens/mobile/device
        time in [the] apps | digital habits/wellbeing | online time/activity
        social media use/usage/time/habits/activity/consumption
        time spent on/in [the] [social] apps/media | gaming time | usage of the phone
        time on social media | phone and app usage | doomscrolling | online habits
        app consumption | media usage | time online
        smartphone/cellphone/tablet/computer screen time | time on the/my/his/her screen
        app use/usage time | usage of [my/his/her/the] apps/applications/phone/smartphone/tablet
        use of [my/his/her/the] apps/applications/phone/smartphone/tablet | usage time
        usage stats | mobile data habits | phone/app addiction | digital consumption
        digital use/usage
        time with/using/on the/my/his/her/their apps/phone/smartphone/tablet/mobile
        online behaviour/behavior | app statistics | app behaviour/behavior
        hours on the/my/his/her phone | screen hours | screentime usage | phone/app time
    """,
    (Kind.PHONE, None): """
        phone/phones | smartphone/smartphones | mobile | mobile phone | cellphone | cell phone
        cell | tablet | ipad | app/apps | application/applications | screen/screens | social media
        internet | online | iphone | android
        messenger/messaging/chat/gaming/streaming/video apps/app
        shopping/communication/entertainment/news/social/productivity apps/app | laptop/computer
        device/devices | categories/category of apps | the web | games
        tiktok/instagram/youtube/facebook/whatsapp | messaging/gaming/streaming | video games
    """,
    (Kind.USE, None): """
        use/uses/used/using | usage | spend/spends/spent/spending | time | activity
        picked up | pick up her/his phone | ~waste on | ~waste | ~scroll | scrolled | habits
        watching on | looking at on | reading on | surfing/browsing/browse | staring at
        glued to | open/opened/opens/opening | been on | is on | am on | was on | gets on
        goes on | stays on | playing with | up to on | do/does/doing on | did on | has on | on
    """,
    (Kind.FEELING, (Quantity.STRESS, True)): """
        stressy | worried | worrying | restless | jittery | rattled | at the end of my rope
        overworked | panics | panic | having a panic attack | has a panic attack | pressured
        on the edge | feeling pressure | under tension | hectic | flustered | tensing up
        tenses up | high stress | too much stress | stressed [out]
        under [a lot of/much/too much/so much] stress/pressure/strain | tense/tensed [up]
        anxious | overwhelmed | nervous | overstressed | stressful | worked up | on edge
        freaking/freaked out | panicking/panicky | uptight | agitated | wound up | frazzled
        burned/burnt out | strung out | stressed out | overloaded | stresses [out] | stressing out
        in distress | distressed | feeling the pressure | too stressed | highly stressed
        in a state of stress | under pressure | highly strung | keyed up | tightly wound
        in a panic | apprehensive | overwrought | tensed | stressed up | getting stressed
        pressurised/pressurized | uneasy | at breaking point | at her/his/my limit | anxiety
        unnerved | losing it | freaks out | feeling stress | feels stress | feel stress
        feel/feels/feeling the strain | overtaxed | out of her/his/my depth | burning out
        burns out | antsy | on tenterhooks | a nervous wreck | overwhelmed with work
        in a state of anxiety | having anxiety | has anxiety | tensing
    """,
    (Kind.FEELING, (Quantity.STRESS, False)): """
        at rest | not stressed | composed | laid back | tranquil | soothed | less stressed
        less tense | less anxious | cool and collected | stress level is back to normal
        stress is gone | destresses | unwinds | winds down | calm/calms/calmed/calmer | calm down
        calms down | calming down | calmed down | relaxed/relaxes/relaxing | at ease | unstressed
        stress free | chilled [out] | chill | unwound | at peace | winding down | peaceful
        destressed | settled down | settles down | serene | cooled down | cools down | cooling off
        loosened up | loosens up | zen | untroubled | de stressed | relaxes again | calms
        free of stress | no longer stressed/tense/anxious | recovered | placid | mellow
        mellowed [out] | has settled | rested please | eased up | carefree
    """,
    (Kind.FEELING, (Quantity.MOOD, Mood.CONTENT)): """
        delighted | merry | in high spirits | positive | in better spirits | in a happy mood
        happy mood | jolly | smiling | comfortable | cheering up | feeling positive
        enjoying herself/himself | content | contented | happy/happier | cheerful | glad | pleased
        in [a] good/great/better mood | in good/high spirits | in [a] positive mood | joyful
        satisfied | feeling good/great/well/fine/better
        feel/feels/felt good/great/well/fine/better | good/great/positive mood | cheery | upbeat
        mood is good/better | in a better place | cheers up | cheered up | gleeful | joyous
        lighthearted | chipper | pleased with life | in a good place | in good humour/humor
        having a good day | on a high | blissful | doing great | perky | in fine/great spirits
        optimistic | at her/his best
    """,
    (Kind.FEELING, (Quantity.MOOD, Mood.EXCITED)): """
        excited | thrilled | elated | euphoric | energised/energized | hyped [up] | ecstatic
        exhilarated | enthusiastic | over the moon | pumped | amped [up] | psyched [up] | fired up
        buzzing | giddy | stoked | overexcited | exuberant | jubilant | animated
    """,
    (Kind.FEELING, (Quantity.MOOD, Mood.DOWN)): """
        feeling/feel/feels off | under the weather | not happy | not in a good mood | disappointed
        discouraged | feeling/feels/feel lonely/hopeless/empty | lonely | hopeless | crying
        tearful | grieving | blue today | bummed [out] | sorrowful | downbeat | in a slump
        in the dumps | sad/sadder | feeling/feel/feels/felt down/low/blue/bad/terrible/awful
        down in the dumps | depressed | unhappy | miserable | gloomy
        in [a] bad/foul/low/terrible/poor/negative/dark mood
        bad/low/poor/terrible/negative/foul mood | in low spirits | upset | dejected | the blues
        mood is bad/low/down | is/are/am/was/be/been/gets/get/seem/seems/look/looks down
        is/am/are/gets/seems feeling down | feeling a bit/little down/low/blue
        feel a bit/little down/low/blue | a bit/little down | so down | really down | very down
        heartbroken | downcast | downhearted | glum | melancholic/melancholy | is/am/are low
        blue | is/am/are feeling low | down | moody | despondent | depressive | low spirited
        weepy | disheartened | dispirited | forlorn | sullen | in a funk | in the doldrums
        in a black mood | despairing | been off | been down | been low | mopey | moping | woeful
        teary | in tears | sombre/somber | wistful | going through a low | having a low
        feels/feeling/feel lousy/rotten/crappy/rough/poorly | down hearted | bereft
        in a sad mood | sad mood | in poor spirits | not feeling well/good/great
        not doing well/good/great | not doing so well/good/great | not so happy | homesick
        been [a] bit/little off/down/low/blue
        been feeling [a] bit/little/kind of/kinda off/down/low/blue | feeling [a] bit/little off
    """,
    (Kind.FEELING, (Quantity.MOOD, Mood.STRESSED)): """
        angry | annoyed | irritated | irritable | frustrated | furious | grumpy | mad | cranky
        angered | enraged | cross | irate | fuming | livid | infuriated | testy | snappy
        short tempered | in a rage | in an angry mood | pissed [off] | ticked off | fed up please
        outraged | aggravated | bad tempered | grouchy | crabby
    """,
    (Kind.FEELING, (Quantity.MOOD, Mood.NEUTRAL)): """
        neutral | feeling/feel neutral
    """,
    (Kind.ANYONE, None): """
        anyone | anybody | someone | somebody | people | a person | any person | persons | person
        any people | any one | some one | another person | somebody else | someone else
        anyone else | anybody else | any human | a human | any persons | a living soul | folks
        human beings | visitors | a visitor | movement | any movement | some movement
        signs of life | sign of life | anyone at all | anybody at all | any soul | a soul
        living soul | anyone there | someone there | an intruder | intruders | strangers
        a stranger | guests | a guest | a human being | humans | any humans | anyone around
        somebody around
    """,
    (Kind.NOBODY, None): """
        nobody | no one | noone | no person | no people | not anyone | no body | no soul
        not a soul | nobody at all | no one at all | no movement | no human | no humans
        nobody there | no sign of life | not a single person | nobody around | no one around
    """,
    (Kind.EMPTY, False): """
        empty | unoccupied | vacant | deserted | unattended | free | free of people
        empty of people | cleared | all clear | uninhabited | abandoned | emptied
    """,
    (Kind.EMPTY, True): """
        occupied | taken | in use | busy
    """,
    (Kind.ENTER, True): """
        ~enter | ~arrive [in/at] | ~return to | ~return | pops/pop into | drops into
        heads/head into | sneaks/sneak into | ~step into | comes through | shows his/her face in
        gets home to | gets/get back to | is back in | back in | makes it to | sits/sit down in
        enter/enters/entered/entering | come/comes/coming/came in/into
        come/comes/coming/came back in/into | walk/walks/walked/walking in/into
        go/goes/went/going in/into | get/gets/got/getting in/into | step/steps/stepped in/into
        arrive/arrives/arrived/arriving | show/shows up | return/returns/returned to
        return/returns/returned | show/shows/showed up | wander/wanders into
        appear/appears/appeared | move/moves/moved into | set/sets foot in | turn/turns up
        come/comes to | comes back to | goes back into | come/comes home | ~barge into
        ~burst into | ~slip into | ~wander in | comes/come/came through the door of
        makes/make his/her/their way into | has entered | have entered | shows/show up in
        turns/turn up in | pop/pops/popped in/into | gets/get in | sets/set foot into | ~reach the
        moving in | moves/move in | comes/come/go/goes inside | ~enter into | is/are back in
        is/are in again
    """,
    (Kind.ENTER, False): """
        ~leave | ~exit | goes/go out of | moves/move out of | walks/walk away from
        heads/head out of | steps/step away from | clears/clear out of | leave/leaves/left/leaving
        exit/exits/exited/exiting | go/goes/went out of | walk/walks/walked/walking out [of]
        gets/get out of | out of | step/steps out of | come/comes out of | moves out of
        disappears from | vacate/vacates | gone from | is gone | is away | gone | goes away
        walks/walk out | goes/go out | gets/get out | steps/step out | ~depart | ~depart from
        ~vacate | has/have left | quits/quit the room | slips/slip out of | takes/take off from
        heads/head out | is/are no longer in | is/are not in | moves/move out
    """,
}
