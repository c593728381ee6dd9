"""English words of requests. "a/b" is either word, "[a]" may be absent, "~a" is any form."""

from __future__ import annotations

from ..messages import Mood, Quantity
from .lexicon import Kind, Table

_MOOD = (Quantity.MOOD,)
_STRESS = (Quantity.STRESS,)
_BREATHING = (Quantity.BREATHING_RATE,)
_HEART = (Quantity.HEART_RATE,)
_VITALS = (Quantity.BREATHING_RATE, Quantity.HEART_RATE)
_PRESENCE = (Quantity.PRESENCE,)
_USAGE = (Quantity.APP_USAGE,)

# Of equal phrases the first one counts.
ENGLISH: Table = {
    # --- What only sounds like us, and what explains ---
    (Kind.UNKNOWN, None): """
        what is stress/anxiety/mood/presence/tension/emotion/wellbeing/respiration/breathing
        a/the normal/healthy/typical/average heart/breathing/pulse/respiratory/stress
        a/the good/ideal/resting/maximum/target heart/breathing/pulse/respiratory/stress
        set/sets/setting the mood | mood light/lights/lighting/lamp/music/playlist
        heart rate zone
        normal/healthy/typical/average/ideal heart/breathing/pulse/respiratory/stress
    """,
    (Kind.DAY, None): """
        tomorrow [morning/afternoon/evening/night] | yesterday [morning/afternoon/evening]
        last night | last week | next week | the other day | later today
    """,
    (Kind.ADJUNCT, None): """
        for the duration of | over the course of my/the/our | throughout my/the/our/his/her
        in the middle of my/our/his/her | before my/our/his/her | as part of | until | till
        up until | while | whilst | during | using my/our/the/these/those/some/all/local
        based on | with the help of | by means of | thanks to
        with my/our/his/her/their/some/more/the/new/these/those | on the basis of | from my/our
        for my doctor | for the doctor | for the sake of | for my/the records
        for medical/health/safety reasons
    """,
    # --- What is wanted ---
    (Kind.MONITOR, None): """
        keep/keeping an ear out for | keep/keeping [a] record of | keep/keeping a log of
        keep/keeping a diary of | keep/keeping notes on | keep/keeping a tab on | ~measure
        measuring | monitors | tracks | observes | ~examine | ~survey | ~oversee
        ~keep an eye out | ~surveil | stay informed about/of | stay informed on
        keep me abreast of | keep abreast of | watch for | watching for | look out for
        looking out for | be on the lookout for | on the lookout for | monitored | tracked
        watched | observed | measured | followed | supervised | kept an eye on | looked after
        kept track of | monitor/monitors | track/tracks | watch/watches | observe | measure
        follow/following | watching | observing | supervise | surveil
        keep/keeping [a/an] [close/closer/careful/sharp/good/watchful] eye on
        keep/keeping an eye out for | keep/keeping [a/an/my/your/both] [close] eye/eyes on
        have/having/put an eye on | keep/keeping tabs on | keep/keeping track of
        keep/keeping [a] [close/careful] watch on/over/of | keep/keeping watch
        keep/keeping watching | keep/keeping monitoring/tracking/measuring/recording
        keep/keeping following/observing/checking/sensing | keep/keeping a record/log of
        keep/keeping a log on | watch/watching over | watch/watching out for | look/looking after
        keep/keeping me posted/updated/informed on/about | keep me up to date on/about/with
        keep us posted/updated on/about | keep me in the loop on/about | stay/staying on top of
        detecting | follow along with | track down | run a check on | keep checking
        keep checking on | continuously check | keep me posted/updated/informed as to
        pay attention to | paying attention to | follow up on | pay close attention to
        take note of | analyse/analyze | keep monitoring | check on regularly
        have a look at continuously | keep an ear on | keep a finger on
        ~listen to | ~listen in on | ~listen out for | keep/keeping listening to
        look/looking in on | spy/spying on | snoop/snooping on | ~eavesdrop on | peek/peeking at
        keep/keeping spying on | keep/keeping [a] check on
        keep/keeping me in the picture about/on | keep/keeping vigil over
        stand/standing guard over | watch like a hawk | keep/keeping an ear on/to
        keep/keeping a lookout for | run a monitor on | put a monitor on | put a watch on
        put under observation | place under observation | take/taking care of
        be/being vigilant about | keep/keeping [a] tally of | keep/keeping score of
        keep/keeping a tight watch on | have/having a close watch on
    """,
    (Kind.MONITOR, "weak"): """
        ~detect | ~sense | ~collect | ~save | ~store | ~chart | ~plot | ~capture | ~register
        ~document | record/log/logging | recording | collect | gather | sense | detect | look for
        save | store | note [down] | chart | plot | capture
    """,
    (Kind.START, None): """
        turn | switch | schedule please | set a/an/up/another | set | fire | establish
        ~initiate | ~commence | ~engage | arrange | do a/an/some | perform
        start/starts/starting [up] | begin/beginning | turn/turning/switch/switching on
        enable/enabling | activate/activating | resume/resuming | restart/restarting
        set/setting up | launch/launching | kick off | run/running | fire up | initiate
        continue/continuing | carry on | commence | turn/switch back on | go ahead and | put on
        get going with | get started with/on | reactivate
    """,
    (Kind.STOP, None): """
        had enough of | had it with | sick of | tired of | fed up with | get off | ~stop
        quit/quitting | finished with | through with | do not bother | you may stop
        you can stop | wrap it up with | lay off of | over and done with | off | stopped
        bother/bothering [to] | do not bother [to] | take off | taken off | put to rest
        put on hold | hold | holding | remove/removing | deleting | delete | muting
        terminate/terminating | abandon | no point in | there is no need to | can stop now
        do not want/need/wish [you] [to] | do not want any/any more/more | did not want you to
        would rather you did not | rather you did not | did not want | no need [for you] to
        no need for | stop/stops/stopping | end/ending | quit | cease | halt
        cancel/cancelling/canceling | turn/turning/switch/switching off | turn/switch it off
        disable/disabling | deactivate | terminate | abort | pause/pausing | suspend
        discontinue | shut off/down | shutting off/down | finish | no more | no longer | call off
        drop | knock off | give up [on] | remove | give it a rest with | give a rest to | cut out
        cut it out with | lay off | back off | enough of | enough with | enough
        that is enough of | we are done with | i am done with | done with | let up on | wrap up
        leave off | unsubscribe [me] from | get rid of | ditch | scrap | kill | quit it with
        forget about | forget | never mind about | never mind | nevermind | put a stop to
        put an end to | take a break from | leave me alone with | leave alone | stand down on
        mute | silence | switch it off | turn it off | time to stop | refrain from | hold off on
        stop it with | a rest | a break | alone | let go of | call it a day with/on | hang up on
        no longer want/wish/need/require [you] [to] | no longer interested in
        not interested in | do not wish for | do not care about | not want any
        wrap things up with | switch it all off | ~kill off | ~shut | ~halt | ~cease
        ~desist from | desist | ~rest from | knock it off with | no longer have to | need not
        you need not | do not have to | you do not have to | do not you dare | no further
        let us not | i am through with | i have had enough of | we have had enough of | stop it
        take me off | opt out of | pull the plug on | say goodbye to | make stop
        make it stop | have it stop | bring to an end | bring to a halt | come to an end
        be done with | call a halt to | spare me | stop with
        dispense with | turn down
    """,
    (Kind.NOTIFY, None): """
        bugging me [about] | nagging me [about] | ~bug me [about] | ~pester me [about]
        ~bother me [about/with] | nag/nags/nagging me [about] | ~annoy me [about/with]
        ~disturb me [about/with] | ~notify [me/us] | ~ping [me/us] | beep [me] | ~message me
        ~signal [me] | get a/an notification/alert/warning
        receive a/an notification/alert/warning | i want a/an alert/notification/warning
        i would like a/an alert/notification/warning | want to be notified/alerted/warned
        would like to be notified/alerted/warned/informed | want to get notified/alerted/warned
        speak up | drop me a message | reach out to me | caution me | make a sound
        send me [a] word | notify/notifies/notifying [me/us] | alert/alerts/alerting [me/us]
        warn/warns/warning [me/us] | notification/notifications
        raise/sound/trigger an/the alarm | sound an alert
        set/setting [up] an/a [new] alert/alarm/notification/warning
        create/make/add [me] an/a alert/notification/warning | ping/pinging [me/us] | buzz [me]
        give/send/shoot me a/an [push] alert/notification/warning/message/text
        give/send/shoot me a/an [push] ping/shout/nudge/signal/note
        send/sending [me] a/an/any [push] alert/alerts/notification
        send/sending [me] a/an/any [push] notifications/warning/warnings
        send [me] alerts/notifications/warnings/word | give me [a] heads up | a heads up
        heads up | drop me a line/note/message | message me | text me | shout | holler
        sound off | raise an alert/flag | flag [it] up | flag | get alerted/notified/warned
        be alerted/notified/warned/told/informed | wake me [up] | let out a warning
        issue an alert/warning | give me a warning | give a warning | alerted | notified | warned
        fire/fires an/the alert/notification/warning | ~nudge me | ~poke me | ~buzz me
        tip me off
        give/send me a/an shout/yell/nudge/buzz/poke/tap/holler/ring/signal/beep/ping/sign
        give a/an shout/alert/notification/yell/beep/signal | let out a/an beep/alert/yell
        sing out | ring/ringing a bell | put out an alert | page me
        pop up a notification/alert/warning
        pop/push/throw/issue/generate/trigger/emit a/an alert/notification/warning/message
        set off an/the alert/warning | trigger an/the alert/warning/notification
        get a/an ping/nudge | get pinged | be pinged | make a noise | blast an alert | a shout
        a nudge | a ping | ensure/see that i am notified/alerted/warned/told/informed
        i am notified/alerted/warned/told/informed | please have me notified/alerted/warned
        have me notified/alerted/warned | speak out
    """,
    (Kind.REMIND, None): """
        remind/reminds/reminding [me/us] | reminder | call me
        alarm/alarms [me/us] | sound the alarm | ring me | shout at me | yell [at me] | scream
    """,
    (Kind.TELL, None): """
        keep me notified | pass on to me | let me hear | let me in on | give me notice
        give me word | make me know | tell/telling me/us | let me/us know | letting me know
        inform/informing me/us | inform | report to me | report back to me | report back | report
        say | speak up | keep me posted/informed/updated | announce | i would like to know
        i would like to be told | i want to be told | i want to know | i need to know
        let us know | tell | advise me | fill me in | clue me in | i would love to know
        i should know | i would want to know | let someone know | make sure i know | do tell me
        make me aware
        let me no | lemme know | say me | say to me | mention to me | mention it to me
        bring me word | bring to my attention | bring it to my attention | alert me to
        keep me advised | apprise me | catch me up | brief me | give me a briefing
        i ought to know | i must know | i have to know | it is important that i know
        be so good as to tell me | i should like to know | i should like to be told
        i demand to know | i am keen to know | i am dying to know
        update me
    """,
    (Kind.WHEN, None): """
        when | whenever | once | as soon as | the moment | the minute | the second | the instant
        every/each/any time | anytime | in case | in the event [that/of] | the next time
        next time | if ever | as and when | should | immediately if | immediately when
        the very moment | at the moment that | on the occasion | provided | assuming
        if and when | right when | right as | straight away if | if at any point/time
        at any point | if at some point
    """,
    (Kind.IF, None): """
        if | whether | whether or not
    """,
    (Kind.ASK, "how"): """
        how
    """,
    (Kind.ASK, "know if"): """
        i want to know if/whether | i would like to know if/whether | i need to know if/whether
        know if/whether | i would love to know if
    """,
    (Kind.ASK, None): """
        the latest on | the latest about | how many hours/minutes/times/seconds | for how long
        how come | what level of | what rate | at what rate
        how strong/strongly/heavily/deeply/hard/badly/regularly | how bad/good/steady/stable
        in what | i would be curious to know if/how/what | let us see | let me see how/what/if
        tell me again | remind me what | remind me how
        anything/something unusual/strange/odd/abnormal/off/weird about/with
        is everything ok/okay/alright/fine with | are things ok with | what would be
        a quick check on | run a quick check on | give me a quick | what has been going on with
        how goes | get me | check/checking in on | i am curious what/how | curious what
        curious to know | what is going on with | what is happening with | what is the deal with
        how is it looking with | what can you tell me about | please check [on/that] | see that
        can i get | can i have | could i get/have | may i know | might i know | may i ask
        do we know | find out | look into | learn about | hear how | hear what | a reading of
        get a read on | what would you say | interested in | wonder about | ask about
        ask [how/if/whether] | tell if | tell whether | how long | how often
        anything/something wrong with | how well | what | which | how much | how many
        how is it going with | how high/low/fast/slow/quickly | show/showing [me/us] | give me
        check/checking [on/up] [on] | take/taking a look at | look up | look at
        read [me/out] [out] | fetch [me] | see if/whether | check if/whether
        check to see if/whether | do you know if/whether/how/what | any idea if/whether/how/what
        have any idea if/how/what | do you think | would you say | can you see if/whether/how
        display | bring up | pull up | have a look at | having a look at | run me through
        summarise/summarize
        give/giving me a/an summary/update/reading/report/overview/rundown on/of
        give me the latest [on] | what about | how about | i wonder if/whether/how/what
        i am wondering if/whether/how/what | wondering if/whether/how/what
        curious about/if/how/what | i am curious about/if/how/what/whether | find out if/whether
        verify if/whether/that | confirm if/whether/that | can you tell if/whether/how
        could you tell me if/whether | can you tell me if/whether | would you tell me if/whether
        are you able to tell me if/whether | do tell | take my | any update/news/word/updates on
        any update/news/word/updates about | see how | see what | see | query | to what extent
        tell me whether | let me know whether | tell me how | tell me what | tell me about
        let me know how | let me know what | let me know about | let me see | i would like to see
        i want to see | what kind of | what sort of | which of | get a reading of/on/for
        get me a reading of/on/for | i want to know if/whether | i would like to know if/whether
        i need to know if/whether | look and see if/whether | know how | know if | know whether
        know what | do you happen to know if/whether/how/what | got any | is there any sign of
        please say if | work out if/whether | make sure | double check | hear about | hear | know
        how is it with | how are things with | how do things stand with | how stands
        how does stand | what has been | what is it with | what is up with | what's up with
        any change in | any changes in | any problem/problems/issue/issues with
        any trouble with | is all well with | is there anything wrong/off/odd/strange with
        is anything wrong with | grab | grab me | hand me | get a look at
        have a glance at | glance at | peek at | take a peek at | peep at | take a reading of
        do a check on/of | perform a check of | spot check [on] | run a check of
        examine for me | inspect | ~inspect | status of | state of | status report on
        update on | an update on | news on | news about | word on | lowdown on | the lowdown on
        scoop on | the scoop on | the state of | the status of | what does look like
        what do we have for | what have you got for/on | what do you have for/on
        got a reading on | could you say | can you say | are you seeing | do you see
        do you notice | can you make out | would you know
        tell us how/what/if/whether | say how/what/whether | enlighten me about/on/as to
        ask as to/about/after | ask | request
        take/taking my/his/her/the
        you know if/whether/how
    """,
    (Kind.AUXILIARY, None): """
        is | are | am | was | were | does | do | did | has | have | had | been | being | be | 's
        has there been | isn not | re
    """,
    (Kind.TRAIN, None): """
        ~learn | learning to | have a/another training run/round/session [for/of/on]
        do some training [for/of/on] | start the/a learning loop [for/of/on]
        train/training [up] | retrain/retraining | re train | teach/teaching [yourself]
        fine tune/tuning | finetune
        start/run/begin/launch/kick off/do/trigger a/the/another [new]
        [federated] training/learning [run/round/session/job/process] [for/of/on]
        start/run/begin/launch federated training/learning [for/of/on] | start/begin learning
        run another round of training
        coach | practise/practice on | relearn | re learn | retrain again
        do another round of training | get training | have trained | trained
        put through training | run training | run federated learning | start federated learning
        do federated learning
    """,
    (Kind.IMPROVE, None): """
        ~improve how | boost | ~enhance | raise | strengthen | ~refine | ~retune | ~tweak
        better | more accurate/precise/reliable | smarter | correct | fix | improve/improving
        learn/learning [how] | get/become/be/getting better/smarter at | get/getting better at
        optimise/optimize | tune/tuning | update/updating | personalise/personalize
        calibrate/recalibrate | make better/smarter | refine | sharpen | adapt | adjust | rebuild
        refit | build | refresh | upgrade | make more accurate/precise/reliable | enhance
        perfect | work on
        get better with | do better at | do a better job at/of/with | make more accurate
        make it better at | better at | better with | better job
        more accurately/precisely/reliably | fine tune please | hone | polish | step up
        bring up to date | modernise/modernize | re tune | recalibrate please | make smarter
        get smarter about | customise/customize | tailor
        increase the accuracy
    """,
    (Kind.MODEL, None): """
        ~recognise | ~recognize | ~identify | ~predict | ~estimate | ~classify | ~interpret
        precision | inference | judgement/judgment | reading of | ability | abilities
        machine learning | ml | telling | telling when/how/if | your understanding of | knowing
        detecting | model/models | recognition | recogniser/recognizer | detector
        classifier/classifiers | predictor | prediction/predictions | estimator | estimation
        estimate/estimates | algorithm/algorithms | accuracy | network | neural network/net
        tree | forest | recognise/recognize/recognising/recognizing | guess/guessing
        judge/judging | identify/identifying | spot/spotting | ai | understand/understanding
        predict/predicting | read/reading my | tell when i am | tell how i | interpretation
        interpret
        ai model | machine learning model | neural model | decoder
        sensing ai | emotion ai | recognising please | sensing accuracy | detection accuracy
        judgements | accuracy of | quality of | performance of | reliability of
        understanding of
    """,
    (Kind.SENSING, None): """
        measurement/measurements | monitoring | tracking | detection | sensing | monitor
        tracker | observation | surveillance | logging | supervision | watch | checks
        alert/alerts | notification/notifications | warning/warnings | monitors
        tracker/trackers | recording | sensors | watchdog | tracks
        monitorings | trackings | readings on | observing | measuring | watching
        follow up | checking | tracker app
    """,
    (Kind.FINE, None): """
        okay | ok | alright | all right | fine | well | good
    """,
    (Kind.WHO, None): """
        who | whos | who all
    """,
    # --- What is measured ---
    (Kind.QUANTITY, _MOOD): """
        mood/moods | feeling/feelings | feel/feels/felt | emotion/emotions
        emotional [state/well] | emotionally | state of mind | frame of mind | mental state
        spirits | mood swing/swings | wellbeing | well being | how i am doing | mental wellbeing
        mental well being | mental health | mindset | temper | morale | mood level/levels
        emotional wellbeing | emotional health | emotional condition | mental condition
        psychological state | vibe | disposition | emotional status
        demeanor/demeanour | mood state
        how i feel | how i am feeling | how am feeling | emotional level/levels/wellness
        mental wellness | mood swings | mood score | mood rating
        inner state | state of my/his/her mind | emotional balance | mood trend
        affective state | emotional mood | happiness level
    """,
    (Kind.QUANTITY, _STRESS): """
        stress | stress level/levels | stress score | mental stress | tension
        anxiety | anxiety level/levels | stresslevel | strain | stress reading/readings
        tension level/levels | stress state | mental load | mental strain | nervousness
        stressor
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
        heart activity | bpm reading | heart speed
        heart beat rate/rates | heart s beat | beating of the/my/his/her heart | pulse beat
        heart rate bpm | heartbeat rate | heartbeats per/a minute rate | beats per minute please
        heart pulse | pulse frequency | cardiac pulse | rate of my/his/her heart/pulse
        my heart s rate | heart pace
    """,
    (Kind.QUANTITY, _VITALS): """
        vital/vitals | vital signs/sign | vital parameters/data/statistics/stats
    """,
    (Kind.QUANTITY, _PRESENCE): """
        presence | occupancy | presence of people/persons/someone/anyone/a person
        human presence | whereabouts | room presence | room occupancy | occupancy state
        presence detection please | people presence | presence or absence | room usage
    """,
    (Kind.QUANTITY, _USAGE): """
        app/apps/application/applications use/usage/activity/time/habits/stats/statistics
        screen time/usage/use/activity | screentime
        phone/smartphone/mobile/tablet use/usage/activity/time/habits
        device/internet/ipad/cell/cellphone use/usage/activity/time/habits
        cell phone/mobile phone use/usage/time/activity/habits
        use/usage of [the] apps/phone/smartphone
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
        cell | tablet | ipad | app/apps | application/applications | screen/screens
        social media | internet | online | iphone | android
        messenger/messaging/chat/gaming/streaming/video apps/app
        shopping/communication/entertainment/news/social/productivity apps/app | laptop/computer
        device/devices | categories/category of apps | the web | games
        tiktok/instagram/youtube/facebook/whatsapp | messaging/gaming/streaming | video games
    """,
    (Kind.USE, None): """
        use/uses/used/using | usage | spend/spends/spent/spending | time | activity
        scroll/scrolls/scrolling/scrolled | habits | surfing/browsing/browse | staring at
        glued to | open/opened/opens/opening | been on | is on | am on | was on | gets on
        goes on | stays on | playing with | up to on | do/does/doing on | did on | has on | on
    """,
    # --- States of mind ---
    (Kind.FEELING, (Quantity.STRESS, True)): """
        stressy | worried | worrying | restless | jittery | rattled | at the end of my rope
        overworked | panics | panic | having a panic attack | has a panic attack | pressured
        on the edge | feeling pressure | under tension | hectic | flustered | tensing up
        tenses up | high stress | too much stress | stressed [out]
        under [a lot of/much/too much/so much] stress/pressure/strain | tense/tensed [up]
        anxious | overwhelmed | nervous | overstressed | stressful | worked up | on edge
        freaking/freaked out | panicking/panicky | uptight | agitated | wound up | frazzled
        burned/burnt out | strung out | stressed out | overloaded | stresses [out]
        stressing out | in distress | distressed | feeling the pressure | too stressed
        highly stressed | in a state of stress
        under pressure | highly strung | keyed up | tightly wound | in a panic | apprehensive
        overwrought | tensed | stressed up | getting stressed | pressurised/pressurized | uneasy
        at breaking point | at her/his/my limit | anxiety | unnerved | losing it | freaks out
        feeling stress | feels stress | feel stress | feel/feels/feeling the strain | overtaxed
        out of her/his/my depth | burning out | burns out | antsy | on tenterhooks
        a nervous wreck | overwhelmed with work | in a state of anxiety | having anxiety
        has anxiety | tensing
    """,
    (Kind.FEELING, (Quantity.STRESS, False)): """
        at rest | not stressed | composed | laid back | tranquil | soothed | less stressed
        less tense | less anxious | cool and collected | stress level is back to normal
        stress is gone | destresses | unwinds | winds down | calm/calms/calmed/calmer | calm down
        calms down | calming down | calmed down | relaxed/relaxes/relaxing | at ease | unstressed
        stress free | chilled [out] | chill | unwound | at peace | winding down | peaceful
        destressed | settled down | settles down | serene
        cooled down | cools down | cooling off | loosened up | loosens up | zen | untroubled
        de stressed | relaxes again | calms | free of stress | no longer stressed/tense/anxious
        recovered | placid | mellow | mellowed [out] | has settled | rested please | eased up
        carefree
    """,
    (Kind.FEELING, (Quantity.MOOD, Mood.CONTENT)): """
        delighted | merry | in high spirits | positive | in better spirits | in a happy mood
        happy mood | jolly | smiling | comfortable | cheering up | feeling positive
        enjoying herself/himself | content | contented | happy/happier | cheerful | glad
        pleased | in [a] good/great/better mood | in good/high spirits | in [a] positive mood
        joyful | satisfied | feeling good/great/well/fine/better
        feel/feels/felt good/great/well/fine/better | good/great/positive mood | cheery | upbeat
        mood is good/better | in a better place | cheers up | cheered up
        gleeful | joyous | lighthearted | chipper | pleased with life
        in a good place | in good humour/humor | having a good day | on a high | blissful
        doing great | perky | in fine/great spirits | optimistic
        at her/his best
    """,
    (Kind.FEELING, (Quantity.MOOD, Mood.EXCITED)): """
        excited | thrilled | elated | euphoric | energised/energized | hyped [up] | ecstatic
        exhilarated | enthusiastic | over the moon | pumped
        amped [up] | psyched [up] | fired up | buzzing | giddy | stoked | overexcited
        exuberant | jubilant | animated
    """,
    (Kind.FEELING, (Quantity.MOOD, Mood.DOWN)): """
        feeling/feel/feels off | under the weather | not happy | not in a good mood
        disappointed | discouraged | feeling/feels/feel lonely/hopeless/empty | lonely | hopeless
        crying | tearful | grieving | blue today | bummed [out] | sorrowful | downbeat
        in a slump | in the dumps | sad/sadder
        feeling/feel/feels/felt down/low/blue/bad/terrible/awful | down in the dumps | depressed
        unhappy | miserable | gloomy | in [a] bad/foul/low/terrible/poor/negative/dark mood
        bad/low/poor/terrible/negative/foul mood | in low spirits | upset | dejected | the blues
        mood is bad/low/down | is/are/am/was/be/been/gets/get/seem/seems/look/looks down
        is/am/are/gets/seems feeling down | feeling a bit/little down/low/blue
        feel a bit/little down/low/blue | a bit/little down | so down | really down | very down
        heartbroken | downcast | downhearted | glum | melancholic/melancholy | is/am/are low
        blue | is/am/are feeling low | down | moody
        despondent | depressive | low spirited | weepy | disheartened | dispirited | forlorn
        sullen | in a funk | in the doldrums | in a black mood | despairing | been off
        been down | been low | mopey | moping | woeful | teary | in tears | sombre/somber
        wistful | going through a low | having a low
        feels/feeling/feel lousy/rotten/crappy/rough/poorly | down hearted | bereft
        in a sad mood | sad mood | in poor spirits | not feeling well/good/great
        not doing well/good/great | not doing so well/good/great | not so happy | homesick
        been [a] bit/little off/down/low/blue
        been feeling [a] bit/little/kind of/kinda off/down/low/blue | feeling [a] bit/little off
    """,
    (Kind.FEELING, (Quantity.MOOD, Mood.STRESSED)): """
        angry | annoyed | irritated | irritable | frustrated | furious | grumpy | mad | cranky
        angered | enraged | cross | irate | fuming | livid | infuriated | testy | snappy
        short tempered | in a rage | in an angry mood | pissed [off] | ticked off
        fed up please | outraged | aggravated | bad tempered | grouchy | crabby
    """,
    (Kind.FEELING, (Quantity.MOOD, Mood.NEUTRAL)): """
        neutral | feeling/feel neutral
    """,
    # --- Presence ---
    (Kind.ANYONE, None): """
        anyone | anybody | someone | somebody | people | a person | any person | persons | person
        any people | any one | some one | another person | somebody else | someone else
        anyone else | anybody else | any human | a human | any persons | a living soul | folks
        human beings | visitors | a visitor
        movement | any movement | some movement | signs of life | sign of life | anyone at all
        anybody at all | any soul | a soul | living soul | anyone there | someone there
        an intruder | intruders | strangers | a stranger | guests | a guest | a human being
        humans | any humans | anyone around | somebody around
    """,
    (Kind.NOBODY, None): """
        nobody | no one | noone | no person | no people | not anyone | no body
        no soul | not a soul | nobody at all | no one at all | no movement | no human
        no humans | nobody there | no sign of life | not a single person | nobody around
        no one around
    """,
    (Kind.EMPTY, False): """
        empty | unoccupied | vacant | deserted | unattended | free
        free of people | empty of people | cleared | all clear | uninhabited | abandoned
        emptied
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
        come/comes to | comes back to | goes back into | come/comes home
        ~barge into | ~burst into | ~slip into | ~wander in
        comes/come/came through the door of | makes/make his/her/their way into | has entered
        have entered | shows/show up in | turns/turn up in | pop/pops/popped in/into
        gets/get in | sets/set foot into | ~reach the | moving in | moves/move in
        comes/come/go/goes inside | ~enter into | is/are back in | is/are in again
    """,
    (Kind.ENTER, False): """
        ~leave | ~exit | goes/go out of | moves/move out of | walks/walk away from
        heads/head out of | steps/step away from | clears/clear out of
        leave/leaves/left/leaving | exit/exits/exited/exiting | go/goes/went out of
        walk/walks/walked/walking out [of] | gets/get out of | out of | step/steps out of
        come/comes out of | moves out of | disappears from | vacate/vacates | gone from | is gone
        is away | gone | goes away
        walks/walk out | goes/go out | gets/get out | steps/step out | ~depart | ~depart from
        ~vacate | has/have left | quits/quit the room | slips/slip out of | takes/take off from
        heads/head out | is/are no longer in | is/are not in | moves/move out
    """,
    # --- Whose, where ---
    (Kind.ME, None): """
        i | me | my | mine | myself | my own | own | im | ive | id
    """,
    (Kind.PRONOUN, None): """
        he | she | him | her | his | hers | their | theirs | them | they | himself | herself
    """,
    (Kind.EVERYONE, None): """
        everyone | everybody | all of us | all [the] family members | the whole/entire family
        everyone else | all family members | each of us | every family member | all of them
        each person | every person | both of us | all people | us all | the family | our
    """,
    (Kind.HERE, None): """
        here | in here | in this room | this room | this place | [in] the room | at home
        in the house | in the home | in the apartment | in the flat | around here
        in my/our house/home/apartment/flat/place | around the house | home | the house
        in there | there | in the building | inside | around | at my place | this area
        this space | the place
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
    # --- Numbers and times ---
    (Kind.COMPARE, ">"): """
        above | over | more than | higher than | greater than | bigger than | faster than
        exceeds/exceed/exceeded/exceeding | beyond | past
        [goes/rises/climbs/gets/is/stays/jumps/shoots] above/over/past/beyond | surpasses/surpass
        tops | larger than | longer than | in excess of | upwards of | crosses/cross | passes | >
        breaks | upward of | crossing | exceeding
    """,
    (Kind.COMPARE, "<"): """
        below | under | less than | lower than | fewer than | slower than | smaller than
        beneath | < | short of | underneath
    """,
    (Kind.COMPARE, ">="): """
        at least | reach/reaches/reached/reaching | hit/hits/hitting | no less than
        not less than | > = | climbs to | rises to | goes up to | minimum of | gets to | get to
        up to | not below | goes as high as
    """,
    (Kind.COMPARE, "<="): """
        at most | no more than | not more than | falls/drops/sinks/fall/drop/sink [down] to
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
        over the course of the next | for another | upcoming
        duration | duration of | for a duration/period/length/span/stretch/total of
        for a period of time of | over a period of | for the next | over the coming | time limit
        in the space of | for a full
        for approximately | for around | for nearly
    """,
    (Kind.PAST, None): """
        last | past | previous | in/over/during/for/within the last/past/previous | so far | ago
        in the past few | recent | over the course of the last | just now
    """,
    (Kind.HOLD, None): """
        lasts | lasting | last for | goes on for | continues for | without [a] break
        uninterrupted | uninterruptedly | nonstop | straight | in a row | consecutive | stays
        remains | continuously for | stay | remain | staying | remaining | persists | keeps being
        nonstop for | non stop for | keeps on
        for at least please
        keeps up for | holds for | holds | is sustained for | sustained for | sustained
        persists for | goes on | drags on for
    """,
    (Kind.CHANGE, None): """
        irregular | erratic | abnormal | unstable | uneven | strange | weird | unusual
        out of the ordinary | not normal | off normal | change/changes/changed/changing
        shift/shifts/shifted/shifting | swings | switches | fluctuates | anything changes
        something changes | vary/varies | differs | different
        acts up | acting up | goes crazy | goes haywire | goes weird | looks off | seems off
        is off | gets irregular | becomes irregular | is irregular | out of range
        outside the normal range | out of the normal range | leaves the normal range
        gets erratic | goes off | is not right | looks wrong | is wrong | gets weird
        looks funny
        goes funny
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
        ~worsen | ~decline | ~deteriorate | darkens | takes a turn for the worse | ~decrease
        ~drop | ~lower | ~diminish | ~plunge | ~crash | ~sag | nosedives | goes bad
        turns negative | goes downhill | reduces | abates | lightens | fall/falls/falling/fell
        drop/drops/dropping/dropped | decrease/decreases/decreasing
        go/goes/going/went/gone down | sink/sinks/sinking | slow/slows down | decline/declines
        dip/dips/dipping | plunge/plunges | plummets | eases [off/up] | lessens | subsides
        tanks | worsens | worsen | gets/get worse/bad | deteriorate/deteriorates/deteriorating
        slump/slumps | sours | turns bad | turns sour | come/comes down | gets lower | slips
        takes a dip | takes a nosedive | goes south
        changes/change for the worse | gets the worse | is/are worse | is/are getting worse
        turns for the worse | gets bad | turns low | is/are falling | is/are dropping
        is/are going down | craters | tumbles | dives | takes a hit | nosedive | downward
    """,
    (Kind.LEVEL, 1): """
        high | too high | very high | elevated | fast | too fast | very fast | racing | rapid
        too rapid | quick | too quick | unusually high/fast | really high/fast | quite high/fast
        abnormally high/fast | dangerously high/fast | higher | faster | too much | severe
        extreme | excessive | too quickly | quickly | unusually quickly | much higher | so fast
        so high | too elevated | raised | overly high
    """,
    (Kind.LEVEL, -1): """
        low | too low | very low | slow | too slow | very slow | unusually low/slow
        abnormally low/slow | dangerously low/slow | lower | slower | shallow | too slowly
        slowly | really low/slow | quite low/slow | weak | too shallow
    """,
    (Kind.BACKGROUND, None): """
        because | since | so that | so i | so we | so you | as i | as we | cause | cuz
        in order to | because of | due to | in order that | as my | as she | as he | so she
        so he | given that | now that | considering | seeing as | seeing that
        thanks to the fact | on account of | for i | for he | for she | as he is | as she is
        since he | since she | since i | out of worry | out of concern | just in case
    """,
    (Kind.BREAK, None): """
        so can/could/would/will you [please] | so please | so maybe you could/can | so i want you to
        so i would like you to | so can/could we | so just
    """,
    (Kind.YOU, None): """
        you | u | ur | your | yours | yourself
        the assistant | this assistant | alexa | google | siri
    """,
    # --- Words that change nothing ---
    (Kind.SMALL, None): """
        wise | this month | this year | this weekend | of late | once more please
        had enough of please | at home please | all in all | continuous | ongoing | constant
        regular | steady | sleeping | resting | of sorts
        thorough | careful | reliable | good/proper/close job of | all of my | all my | all the
        each of | the both of | in general | precise | exact | accurate | real time | latest
        most recent | present | actual | brief | quick | short | long term | long running | basic
        simple | little | ~behave | ~evolve | ~develop | sending [me/us] | send out
        ~fluctuate now | unusual please | from me | towards me | as a favor | as a favour
        once and for all | right this second | this very moment | for good | for ever | forever
        permanently | temporarily | indefinitely | for now please | in the meantime | meanwhile
        in detail | in short | a tad | a touch | particularly | extremely | super | incredibly
        terribly | awfully | seriously | genuinely | visibly | clearly | obviously | noticeably
        significantly | considerably | drastically | dramatically | markedly | sharply
        i would prefer if you | i would prefer it if you | i would like it if you
        i would appreciate if you | i would be thankful if you could/would
        i would be grateful if you | wrong | inaccurate | incorrect | still going
        it would mean a lot if you could | it would make me happy if you could
        it would be wise to | can somebody | could somebody | someone please | is it ok to
        is it okay to | would it be fine to | about something/anything | than usual/normal/before
        as usual/normal/before | usual | the day | day | workout | something | do not stop
        without stopping | thanks in advance | much appreciated | just checking | just wondering
        if you do not mind me asking | i am asking | asking | mind | minding | care to | fancy
        happen to | to be honest | honestly | frankly | sure | certainly | absolutely
        definitely | certainly please | for goodness sake | these past | shall we
        why do not you | why not | how about you | go and | quick question | quickly please
        real quick | for a sec | for a second | one sec | hang on | wait | say hi
        so that i know | too please | in my room | in my bed | bed | in bed | couch | sofa
        chair | desk | on the couch/sofa/bed/chair | at my/the desk | beside me | next to me
        near me | kindly please | family member | my dear | love | pal | mate | man | dude | bro
        sir | gracefully | everyday | every day | each day | daily | nightly | every night
        every morning | every evening | hourly | every hour | every minute | every few minutes
        minute by minute | step by step | little by little | first of all | on my behalf
        on our behalf | of course | as soon as possible | as soon as you can | when you can
        when you get a chance | when you have time | whenever you can | whenever possible
        at your convenience | if you get a chance | if you have time | in case you can
        the rest of the day/evening/night/morning/afternoon/week | rest of the day/evening/night
        seeing | back | develop/develops/evolve/evolves/developing | due | new | give | feedback
        check ins | check in | checkin/checkins | answers | own | please | kindly | pls | plz
        thanks | thank you [so/very] [much] | cheers | ta | hey | hi | hello | ok | okay
        alright | all right | well | so | um | uh | er | hmm | oh | ah | yo | right | yes | yeah
        now | hey there | hello there | hi there | hey assistant | home assistant | assistant
        computer please | jarvis | nabu | edge ai | edge | house please | dear | buddy
        my friend | could/can/would/will you [please/kindly/maybe/perhaps/just] [be able to]
        can i ask you to | can i have you | can/could we/i | may i | might i | could i get you to
        i was wondering if/whether you could/can/would | would you be so kind as to
        would you be able to | are you able to | is it possible to | is it possible for you to
        would it be possible to | would it be possible for you to | do you mind | would you mind
        if you do not mind | if you would not mind | if you can | if you could | if possible
        if it is possible | if you please | if you would | if that is ok/okay/possible
        i wonder if you could/can/would | wondering if you could/can/would | wonder if you could
        be a dear and | be so kind as/and to | be so kind and | do me a favor/favour and
        do me a favor/favour | would you do me a favor/favour and
        it would be great/nice/good/helpful/lovely if you could/can/would/did
        it would be cool/awesome/wonderful/useful/fantastic if you could/can/would/did
        it would be great/nice/good/helpful if we could
        would be great/nice/good/helpful if you could | i would appreciate it if you could/would
        i would appreciate | i would be grateful if you could/would
        i would be happy if you could | i would love it if you could/would
        it would help if you could | it might be good to | it would be good to
        it would be nice to | would it be ok to | i want you to | i would like you to
        i need you to | i would like to | i want to | i need to | i would like | i want | i need
        i would love [to] | i would prefer [to] | i wish to | i wish you would
        i would love for you to | i would like for you to | we want to | we would like to
        we need to | we want you to | we would like you to | i would like to have
        i want to have | i would like to get | i want to get | i would like it if
        i expect you to | i am asking you to | i ask you to | you should | you can | you could
        you may | you might | you must | you have to | you need to | you will | you would
        let you | i would rather you | i would rather | i prefer | i prefer that you
        i prefer you to | let us | lets | let 's | let | have | got | gotta | gonna | wanna
        want to | want | need to | needs | need | would like | would like to | like to | going to
        time to | i think you should | i think | i guess | i suppose | i believe
        maybe you could | maybe you can | perhaps you could | maybe | perhaps | possibly
        probably | actually | basically | simply | just | only just | really | very | quite
        pretty | rather | somewhat | kind of | sort of | a bit | a little | a little bit | bit
        slightly | way | bloody | damn | totally | the | a | an | this | that | these | those
        it | its | it 's | itself | some | such | each | every | any sort of | both | other
        another | more | one | ones | thing | things | we | us | to | at | on | in | by | with
        from | into | onto | about | as | as for | than | regarding | concerning
        with regard/respect to | in terms of | in regard/regards to | when it comes to | out | up
        off of | via | per | within the | through | throughout | during | among | between us
        across | around about | upon | towards | toward | can | could | will | would | may
        might | must | shall | ought to | ought | used to | seem/seems/seemed to
        seem/seems/seemed | seems like | look/looks like | look/looks | looking | appears to be
        appear to be | appears to | get/gets/got/getting | become/becomes/became/becoming
        turn/turns into | start/starts to be | start/starts to get | start/starts to
        starts being | start/starts feeling/getting/becoming | starting to | begin/begins to
        ends up | end up | go/goes/going/went | goes on | going on | coming along | along | come
        comes | came | make | makes | made | put | take | takes | took | taking | keep | keeps
        kept | work | working on | doing | does it | doing these days | stay/stays being | being
        happening | happens | happened | happen | occurs | happens to be | happen to be
        show any | showing signs of | show/shows signs of | any signs of | signs of | sign of
        level/levels | value/values | reading/readings | data | status | state/states
        number/numbers | figure/figures | sensor/sensors | rate at present | info | information
        update/updates | details | statistics | stats | situation | condition | pattern/patterns
        report/reports | result/results | measurement/measurements | score | index | graph
        history please | rhythm | rates | stuff | numbers please | trend/trends | right now
        now please | currently | current | at the moment | at present | presently
        at this moment | at this very moment | at this time | today | these days | this week
        lately | recently | nowadays | as of now | as we speak | this instant | this minute
        this second | this morning | this afternoon | this evening | tonight | already | yet
        still | again | anymore | any more | any longer | all the time | at all times | all along
        at all | ever | constantly | continuously | continually | regularly | closely | carefully
        quietly | discreetly | silently | secretly | gently | immediately | instantly
        right away | straight away | asap | at once | promptly | in real time | live
        in the background | from now on | from now | starting now | from here on
        as of right now | for now | for the time being | for a while | for a bit | a while
        for a little while | a moment | for a moment | for me | for us | to me | to us | with me
        on me | of me | for my sake | until i say so/otherwise/stop | till i say so/stop
        until i tell you [to/otherwise] [stop] | until further notice | until told otherwise
        until i say otherwise | for as long as possible | as long as possible
        as long as you can | the entire time | the whole time | throughout the day
        during the day | at night | during the night | in the night | round the clock
        around the clock | day and night | night and day | every now and then | now and then
        generally | overall | usually | typically | normally | normal | within normal limits
        in the normal range | in range | ok right now | fine | in [his/her/their/my] sleep
        asleep | awake | what so ever | whatsoever | somehow | anyhow | anyway | by the way | btw
        for example | too | as well | even | though | especially | mainly | mostly
        exactly right now | accurately | precisely | properly | together | alone | personally
        automatically | manually | locally | roughly | approximately | about right | around
        nearly | almost | i mean | you know | i say | listen | look here | say | right then
        go on | come on | go ahead | go ahead and | feel free to | be sure to | make sure to
        make sure you | make sure that you | make sure | don not forget to | do not forget to
        remember to | try to | try and | help me | help me to | help | assist me in | offer
        provide me with | provide | provides | supply | with the help of
        using the sensors/sensor/speaker/microphone | using sensors
        with the sensors/sensor/speaker/microphone | through the speaker | via the speaker
        by the speaker | on my phone please | thank | that 's all | that is all
        that will be all | if you will | please and thank you | there 's a good | good morning
        good evening | good night | good afternoon | sorry | excuse me | pardon | pardon me
        haha | lol | at any time | at some point | by any chance | perchance
        any chance you could/can | any chance to | is there a way to | is there any way to
        is there any way you could | is there a chance you could | there is | there are
        is there | are there | there 's | there has been | there was | in my case | for real
        all good | or not | or something | or so | or anything | if any | if at all | first
        firstly | next please | second of all | soon | later | sometime | once more | once again
        one more time | once in a while | all at once | job | task | service | feature | function
        process | session | system | program | tool | mode | everything ok with
        everything okay with | going up or down | like | likes | alike | amount | amount of
        number of | lots of | a lot of | a lot | lot | much | many | most | kinds | types | type
        type of | kind | sort
        and so | you know what | hereby | request that you | i request that you
        we request that you | i ask that you | i beg you to | i implore you to | i urge you to
        if you would be so kind | i should like [you] [to] | we should like [you] [to]
        should like to | i would have you | i would be obliged if you would/could
        i would be much obliged if you would/could
        i would really/very/truly/so [much] appreciate [it] [if you could/would] | appreciate
        we would appreciate [it] [if you could/would]
        it would be appreciated if you could/would | i wish to have | i wish | we wish to
        would you please | would you kindly | might you | might we | if i may | if i could
        if i might | may we | ensure [that] [you] | ensure i am | see to it that [you]
        see to it | make certain [that] [you] | be certain to | do make sure | do please
        do kindly | request | i request | requesting | require | i require | we require
        i am requesting | i ask for | i am looking to | i am hoping to
        i am hoping you can/could | i hope you can/could | i was hoping you could/would
        hoping you could/can | i am trying to | i was thinking you could | how about we
        can we do | could we do | we could do with | i could do with | let us do | let us have
        shall i | active | running | existing | full | complete | entire | whole | personal
        own personal | automatic | automated | in progress | pending | for today | for tonight
        for this evening | for the moment | for this morning | for this afternoon
        for me please | of the day | as usual please | bruh | fam | sis | dawg | man please
        boss | chief | darling | sweetheart | honey | hun | my good man | sweetie | babe | champ
        mister | mr | miss | mrs | ms | madam | old friend | hey you | oi | howdy | hiya
        greetings | good day | yup | yep | aye | nah | welp
        erm | uhm | umm | uhh | hmmm | ahem | like so | i mean to say | let me think
        let us say | say about | or thereabouts | give or take | more or less | to be exact
        sharp | at this time of day | in due course | at the earliest | without delay
        forthwith | henceforth | straightaway | pronto | immediately please | on the double
        in a hurry | quick as you can | as quickly as you can | as best you can
        to the best of your ability | in whatever way | for the foreseeable future
        until i return | until later | until i am back | for the meantime | just for today
        just for now | just in case please | in secret | on the quiet | on the side | in silence
        in peace | for fun | for science | for my own good | for safety | to be safe
        to be on the safe side | just to be safe | to be sure | just to be sure | for certain
        please do | please do so | if that makes sense | if that works | if you are able [to]
        where possible | when possible | once you can | same as before | like before
        like last time | as before | as always | as ever | again please | for once | this once
        this time | this one time | a wee bit | a tiny bit | rather a lot | a great deal
        such a | so very | ever so | that much | this much
        hella | lowkey | low key | highkey | kinda | i reckon | i figure | i gather
        i take it | it seems | it appears | apparently | presumably
    """,
    (Kind.UNKNOWN, "foreign"): """
        instagram account | follow me on
        breathing/breath session/exercise/exercises/app/technique/techniques/program/meditation
        my watch | smart watch | smartwatch | heart surgery | heart attack | heart shaped
        heart emoji | mood board | mood ring | stress ball | stress relief | stress test
        stress management | anxiety relief | stress eating | pulse oximeter | blood flow
        play/plays/playing | order/buy | call/phone/dial | send | dim | lock/unlock | open/close
        brighten | book | schedule | add | vacuum | clean | cook | navigate | translate | print
        download | install | charge | charging | light/lights/lamp/lamps
        music/song/songs/playlist/album | tv/television
        thermostat/heater/heating/temperature/humidity | weather/rain/forecast | timer/timers
        calendar/meeting schedule | blinds/curtains/shutters | door/doors/window/windows/garage
        vacuum cleaner | robot | fan | oven/stove/kettle/dishwasher/washing machine
        camera/cameras | volume | news/joke/jokes/story/recipe/poem | shopping/grocery
        blood pressure | blood oxygen | blood sugar | blood | oxygen | weight | steps | calories
        glucose | dog/cat/baby/pet
        buy/purchase/sell | price/cost/costs | recommend | article/articles | book/books
        movie/movies | film/films | podcast/podcasts | video/videos | radio | station | channel
        remote | screen brightness | wallpaper | photo/photos/picture/pictures
        email/emails/mail | contacts | contact | alarm clock | stopwatch | countdown | traffic
        bus | train to | trains to | train from | train station | flight | taxi | uber
        restaurant/restaurants | dinner | lunch | breakfast | coffee | water | plants
        garden hose | sprinkler/sprinklers | pool | hot tub | printer | router | wifi
        bluetooth | battery
    """,
}
