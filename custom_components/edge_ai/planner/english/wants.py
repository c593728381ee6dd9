"""English words of requests: what is wanted: monitor, stop, tell, train."""

from __future__ import annotations

from ..lexicon import Kind, Table

WANTS: Table = {
    (Kind.MONITOR, None): """
        make/making/take/taking [a] note/notes of/on | keep/keeping notes of
        i want/need/require a record/log/diary of
        keep/keeping an ear out for | keep/keeping [a] record of | keep/keeping a log of
        keep/keeping a diary of | keep/keeping notes on | keep/keeping a tab on | ~measure
        measuring | monitors | tracks | observes | ~examine | ~survey | ~oversee
        ~keep an eye out | ~surveil | stay informed about/of | stay informed on
        keep me abreast of | keep abreast of | watch for | watching for | look out for
        looking out for | be on the lookout for | on the lookout for | monitored | tracked
        watched | observed | measured | followed | supervised | kept an eye on | looked after
        kept track of | monitor/monitors | track/tracks | watch/watches | observe | measure
        follow/following | watching | observing | supervise | surveil
        keep/keeping [a/an] [close/closer/careful/sharp/good/watchful/wee/little/beady] eye on
        do not take/lift your eyes off | never take your eyes off | keep/keeping half an eye on
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
        have a look at continuously | keep an ear on | keep a finger on | ~listen to
        ~listen in on | ~listen out for | keep/keeping listening to | look/looking in on
        spy/spying on | snoop/snooping on | ~eavesdrop on | peek/peeking at
        keep/keeping spying on | keep/keeping [a] check on
        keep/keeping me in the picture about/on | keep/keeping vigil over
        stand/standing guard over | watch like a hawk | keep/keeping an ear on/to
        keep/keeping a lookout for | run a monitor on
        put/pop/stick/set/place a/the/your monitor/watch/tracker/ear/eye on
        put under observation | place under observation | take/taking care of
        be/being vigilant about | keep/keeping [a] tally of | keep/keeping score of
        keep/keeping a tight watch on | have/having a close watch on
    """,
    (Kind.MONITOR, "weak"): """
        logged | recorded | checked | kept watch over | ~detect | ~sense | ~collect | ~save | ~store
        ~chart | ~plot | ~capture | ~register
        ~document | record/log/logging | recording | collect | gather | sense | detect | look for
        save | store | note [down] | chart | plot | capture
    """,
    (Kind.START, None): """
        turn | switch | schedule please | set a/an/up/another | set | fire | establish | ~initiate
        ~commence | ~engage | arrange | do a/an/some | perform | start/starts/starting [up]
        begin/beginning | turn/turning/switch/switching on | enable/enabling | activate/activating
        resume/resuming | restart/restarting | set/setting up | launch/launching | kick off
        run/running | fire up | initiate | continue/continuing | carry on | commence
        turn/switch back on | go ahead and | put on | get going with | get started with/on
        reactivate
    """,
    (Kind.STOP, None): """
        had enough of | had it with | sick of | tired of | fed up with | get off | ~stop
        quit/quitting | finished with | through with | do not bother | you may stop | you can stop
        wrap it up with | lay off of | over and done with | off | stopped | bother/bothering [to]
        do not bother [to] | take off | taken off | put to rest | put on hold | hold | holding
        remove/removing | deleting | delete | muting | terminate/terminating | abandon
        no point in | there is no need to | can stop now | do not want/need/wish [you] [to]
        do not want any/any more/more | did not want you to | would rather you did not
        rather you did not | did not want | no need [for you] to | no need for
        stop/stops/stopping | end/ending | quit | cease | halt | cancel/cancelling/canceling
        turn/turning/switch/switching off | turn/switch it off | disable/disabling | deactivate
        terminate | abort | pause/pausing | suspend | discontinue | shut off/down
        shutting off/down | finish | no more | no longer | call off | drop | knock off
        give up [on] | remove | give it a rest with | give a rest to | cut out | cut it out with
        lay off | back off | enough of | enough with | enough | that is enough of
        we are done with | i am done with | done with | let up on | wrap up | leave off
        unsubscribe [me] from | get rid of | ditch | scrap | kill | quit it with | forget about
        forget | never mind about | never mind | nevermind | put a stop to | put an end to
        take a break from | leave me alone with | leave alone | stand down on | mute | silence
        switch it off | turn it off | time to stop | refrain from | hold off on | stop it with
        a rest | a break | alone | let go of | call it a day with/on | hang up on
        no longer want/wish/need/require [you] [to] | no longer interested in | not interested in
        does not want/need/wish/like [you] [to] | do not like [you] [to] | did not need
        i want out of | want out of | count me out of | leave me out of | are done | am done
        ~cut | cutting | do not wish for | do not care about | not want any | wrap things up with
        switch it all off | ~kill off | ~shut | ~halt | ~cease | ~desist from | desist
        ~rest from | knock it off with | no longer have to | need not | you need not
        do not have to | you do not have to | do not you dare | no further | let us not
        i am through with | i have had enough of | we have had enough of | stop it | take me off
        opt out of | pull the plug on | say goodbye to | make stop | make it stop | have it stop
        bring to an end | bring to a halt | come to an end | be done with | call a halt to
        spare me | stop with | dispense with | turn down
        that will do with/for
    """,
    (Kind.NOTIFY, None): """
        [i] [want] [to] get a/an message/text/alert/call/buzz/shout/notification/warning
        i would like to get a/an message/text/alert/call/buzz/shout/notification/warning
        do not let me miss [it/that]
        bugging me [about] | nagging me [about] | ~bug me [about] | ~pester me [about]
        ~bother me [about/with] | nag/nags/nagging me [about] | ~annoy me [about/with]
        ~disturb me [about/with] | ~notify [me/us] | ~ping [me/us] | beep [me] | ~message me
        ~signal [me] | get a/an notification/alert/warning
        receive a/an notification/alert/warning | i want a/an alert/notification/warning
        i would like a/an alert/notification/warning | want to be notified/alerted/warned
        would like to be notified/alerted/warned/informed | want to get notified/alerted/warned
        give/gives us a shout/bell/ring/buzz/nudge | give me a bell | hit me up | tip me the wink
        speak up | drop me a message | reach out to me | caution me | make a sound
        send me [a] word | notify/notifies/notifying [me/us] | alert/alerts/alerting [me/us]
        warn/warns/warning [me/us] | notification/notifications | raise/sound/trigger an/the alarm
        sound an alert | set/setting [up] an/a [new] alert/alarm/notification/warning
        create/make/add [me] an/a alert/notification/warning | ping/pinging [me/us] | buzz [me]
        give/send/shoot me a/an [push] alert/notification/warning/message/text
        give/send/shoot me a/an [push] ping/shout/nudge/signal/note
        send/sending [me] a/an/any [push] alert/alerts/notification
        send/sending [me] a/an/any [push] notifications/warning/warnings
        send [me] alerts/notifications/warnings/word | give me [a] heads up | a heads up
        heads up | drop me a line/note/message | message me | text me | shout | holler | sound off
        raise an alert/flag | flag [it] up | flag | get alerted/notified/warned
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
        call/calls/calling out [to] [me] | cry/cries out [to] [me]
        yell | remind me to take/have a break | remind me to put it down/away
        remind me to relax/rest
        remind me to calm/slow down
        remind/reminds/reminding [me/us] | reminder | call me | alarm/alarms [me/us]
        sound the alarm | ring me | shout at me | yell [at me] | scream
    """,
    (Kind.TELL, None): """
        tell me to stop | tell me to take/have a break | tell me to put it down/away
        tell me to relax/rest | tell me to calm/slow down
        i would like/want/love to hear about it/that | hear about it/that | hear from you
        keep me notified | pass on to me | let me hear | let me in on | give me notice
        give me word | make me know | tell/telling me/us | let me/us know | letting me know
        inform/informing me/us | inform | report to me | report back to me | report back | report
        say | speak up | keep me posted/informed/updated | announce | i would like to know
        i would like to be told | i want to be told | i want to know | i need to know
        let us know | tell | advise me | fill me in [on] | clue me in [on] | i would love to know
        i should know | i would want to know | let someone know | make sure i know | do tell me
        make me aware | let me no | lemme know | say me | say to me | mention to me
        mention it to me | bring me word | bring to my attention | bring it to my attention
        keep me advised | apprise me | catch me up [on] | brief me [on]
        give me a briefing
        i ought to know | i must know | i have to know | it is important that i know
        be so good as to tell me | i should like to know | i should like to be told
        i demand to know | i am keen to know | i am dying to know | update me [on]
    """,
    (Kind.WHEN, None): """
        when | whenever | once | as soon as | the moment | the minute | the second | the instant
        every/each/any time | anytime | in case | in the event [that/of] | the next time
        next time | if ever | as and when | should | immediately if | immediately when
        the very moment | at the moment that | on the occasion | provided | assuming | if and when
        right when | right as | straight away if | if at any point/time | at any point
        if at some point
    """,
    (Kind.IF, None): """
        if | whether | whether or not
    """,
    (Kind.TRAIN, None): """
        be retrained/trained | retrained | a/another/one round of learning/training
        one more round of learning/training
        ~learn | learning to | have a/another training run/round/session [for/of/on]
        do some training [for/of/on] | start the/a learning loop [for/of/on] | train/training [up]
        retrain/retraining | re train | teach/teaching [yourself] | fine tune/tuning | finetune
        start/run/begin/launch/kick off/do/trigger a/the/another [new]
        [federated] training/learning [run/round/session/job/process] [for/of/on]
        start/run/begin/launch federated training/learning [for/of/on] | start/begin learning
        run another round of training | coach | practise/practice on | relearn | re learn
        retrain again | do another round of training | get training | have trained | trained
        put through training | run training | run federated learning | start federated learning
        do federated learning
    """,
    (Kind.IMPROVE, None): """
        all better
        be/being improved/updated/refined/upgraded/tuned/optimised/optimized | ~improve how | boost
        ~enhance | raise | strengthen | ~refine | ~retune | ~tweak | better
        more accurate/precise/reliable | smarter | correct | fix | improve/improving
        learn/learning [how] | get/become/be/getting better/smarter at | get/getting better at
        optimise/optimize | tune/tuning | update/updating | personalise/personalize
        calibrate/recalibrate | make better/smarter | refine | sharpen | adapt | adjust | rebuild
        refit | build | refresh | upgrade | make more accurate/precise/reliable | enhance
        perfect | work on | get better with | do better at | do a better job at/of/with
        make more accurate | make it better at | better at | better with | better job
        more accurately/precisely/reliably | fine tune please | hone | polish | step up
        bring up to date | modernise/modernize | re tune | recalibrate please | make smarter
        get smarter about | customise/customize | tailor | increase the accuracy
    """,
    (Kind.MODEL, None): """
        ~misjudge | misses/missed/missing me/us/people | ~misread | misreading | ~misunderstand
        ~guess | ~recognise | ~recognize | ~identify | ~predict | ~estimate | ~classify | ~interpret
        precision | inference | judgement/judgment | reading of | ability | abilities
        machine learning | ml | telling | telling when/how/if | your understanding of | knowing
        detecting | model/models | recognition | recogniser/recognizer | detector
        classifier/classifiers | predictor | prediction/predictions | estimator | estimation
        estimate/estimates | algorithm/algorithms | accuracy | network | neural network/net | tree
        forest | recognise/recognize/recognising/recognizing | guess/guessing | judge/judging
        identify/identifying | spot/spotting | ai | understand/understanding | predict/predicting
        read/reading my | tell when i am | tell how i | interpretation | interpret | ai model
        machine learning model | neural model | decoder | sensing ai | emotion ai
        recognising please | sensing accuracy | detection accuracy | judgements | accuracy of
        quality of | performance of | reliability of | understanding of
    """,
    (Kind.SENSING, None): """
        under observation/surveillance/watch | measurement/measurements | monitoring | tracking
        detection | sensing | monitor | tracker
        observation | surveillance | logging | supervision | watch | checks | alert/alerts
        notification/notifications | warning/warnings | monitors | tracker/trackers | recording
        sensors | watchdog | tracks | monitorings | trackings | readings on | observing
        measuring | watching | follow up | tracker app
    """,
    (Kind.FINE, None): """
        okay | ok | alright | all right | fine | well | good
    """,
    (Kind.WHO, None): """
        who | whos | who all
    """,
}
