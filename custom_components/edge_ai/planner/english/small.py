"""English words of requests: words that change nothing."""

from __future__ import annotations

from ..lexicon import Kind, Table

SMALL: Table = {
    (Kind.SMALL, None): """
        speaker/speakers | smart speaker | microphone/microphones | mic | detector please | always
        wise | this month | this year | this weekend | of late | once more please
        had enough of please | at home please | all in all | continuous | ongoing | constant
        regular | steady | sleeping | resting | of sorts | thorough | careful | reliable
        good/proper/close job of | all of my | all my | all the | each of | the both of
        in general | precise | exact | accurate | real time | latest | most recent | present
        actual | brief | quick | short | long term | long running | basic | simple | little
        ~behave | ~evolve | ~develop | sending [me/us] | send out | ~fluctuate now
        unusual please | from me | towards me | as a favor | as a favour | once and for all
        right this second | this very moment | for good | for ever | forever | permanently
        temporarily | indefinitely | for now please | in the meantime | meanwhile | in detail
        in short | a tad | a touch | particularly | extremely | super | incredibly | terribly
        awfully | seriously | genuinely | visibly | clearly | obviously | noticeably
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
        happen to | to be honest | honestly | frankly | sure | certainly | absolutely | definitely
        certainly please | for goodness sake | these past | shall we | why do not you | why not
        how about you | go and | quick question | quickly please | real quick | for a sec
        for a second | one sec | hang on | wait | say hi | so that i know | too please
        in my room | in my bed | bed | in bed | couch | sofa | chair | desk
        on the couch/sofa/bed/chair | at my/the desk | beside me | next to me | near me
        kindly please | family member | my dear | love | pal | mate | man | dude | bro | sir
        gracefully | everyday | every day | each day | daily | nightly | every night
        every morning | every evening | hourly | every hour | every minute | every few minutes
        minute by minute | step by step | little by little | first of all | on my behalf
        on our behalf | of course | as soon as possible | as soon as you can | when you can
        when you get a chance | when you have time | whenever you can | whenever possible
        at your convenience | if you get a chance | if you have time | in case you can
        the rest of the day/evening/night/morning/afternoon/week | rest of the day/evening/night
        seeing | back | develop/develops/evolve/evolves/developing | due | new | give | feedback
        check ins | check in | checkin/checkins | answers | own | please | kindly | pls | plz
        thanks | thank you [so/very] [much] | cheers | ta | hey | hi | hello | ok | okay | alright
        all right | well | so | um | uh | er | hmm | oh | ah | yo | right | yes | yeah | now
        hey there | hello there | hi there | hey assistant | home assistant | assistant
        computer please | jarvis | nabu | edge ai | edge | house please | dear | buddy | my friend
        could/can/would/will you [please/kindly/maybe/perhaps/just] [be able to]
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
        i would be glad/pleased/delighted/thankful/grateful if you [could/would] | aloud | out loud
        would it be ok/okay/alright if you | do you think you could/can | any chance you could/can
        if it is not too much trouble | if it is no trouble | when you get a moment | whenever suits
        i was hoping you would | i would ask you to | might i ask you to | go on and | be good and
        do us a favor/favour and | for my peace of mind | for peace of mind | if you get the chance
        this very minute | as of today | starting today | starting tonight | starting right now
        should do | will do | should be enough | is enough please | wants | wants to | wants you to
        asked me/you to | asks me/you to | has asked me/you to | would like us to
        ~cope | coping with it | holding up | faring | doing | should be | should get | should have
        i would appreciate it if you | i would like it very much if you
        i would appreciate | i would be grateful if you could/would
        i would be happy if you could | i would love it if you could/would
        it would help if you could | it might be good to | it would be good to
        it would be nice to | would it be ok to | i want you to | i would like you to
        i need you to | i would like to | i want to | i need to | i would like | i want | i need
        i would love [to] | i would prefer [to] | i wish to | i wish you would
        i would love for you to | i would like for you to | we want to | we would like to
        we need to | we want you to | we would like you to | i would like to have | i want to have
        i would like to get | i want to get | i would like it if | i expect you to
        i am asking you to | i ask you to | you should | you can | you could | you may | you might
        you must | you have to | you need to | you will | you would | let you | i would rather you
        i would rather | i prefer | i prefer that you | i prefer you to | let us | lets | let 's
        let | have | got | gotta | gonna | wanna | want to | want | need to | needs | need
        would like | would like to | like to | going to | time to | i think you should | i think
        i guess | i suppose | i believe | maybe you could | maybe you can | perhaps you could
        maybe | perhaps | possibly | probably | actually | basically | simply | just | only just
        really | very | quite | pretty | rather | somewhat | kind of | sort of | a bit | a little
        a little bit | bit | slightly | way | bloody | damn | totally | the | a | an | this | that
        these | those | it | its | it 's | itself | some | such | each | every | any sort of
        both | other | another | more | one | ones | thing | things | we | us | to | at | on | in
        by | with | from | into | onto | about | as | as for | than | regarding | concerning
        with regard/respect to | in terms of | in regard/regards to | when it comes to | out | up
        off of | via | per | within the | through | throughout | during | among | between us
        across | around about | upon | towards | toward | can | could | will | would | may | might
        must | shall | ought to | ought | used to | seem/seems/seemed to | seem/seems/seemed
        seems like | look/looks like | look/looks | looking | appears to be | appear to be
        appears to | get/gets/got/getting | become/becomes/became/becoming | turn/turns into
        start/starts to be | start/starts to get | start/starts to | starts being
        start/starts feeling/getting/becoming | starting to | begin/begins to | ends up | end up
        go/goes/going/went | goes on | going on | coming along | along | come | comes | came
        make | makes | made | put | take | takes | took | taking | keep | keeps | kept | work
        working on | doing | does it | doing these days | stay/stays being | being | happening
        happens | happened | happen | occurs | happens to be | happen to be | show any
        showing signs of | show/shows signs of | any signs of | signs of | sign of | level/levels
        value/values | reading/readings | data | status | state/states | number/numbers
        figure/figures | sensor/sensors | rate at present | info | information | update/updates
        details | statistics | stats | situation | condition | pattern/patterns | report/reports
        result/results | measurement/measurements | score | index | graph | history please
        rhythm | rates | stuff | numbers please | trend/trends | right now | now please
        currently | current | at the moment | at present | presently | at this moment
        at this very moment | at this time | today | these days | this week | lately | recently
        nowadays | as of now | as we speak | this instant | this minute | this second
        this morning | this afternoon | this evening | tonight | already | yet | still | again
        anymore | any more | any longer | all the time | at all times | all along | at all | ever
        constantly | continuously | continually | regularly | closely | carefully | quietly
        discreetly | silently | secretly | gently | immediately | instantly | right away
        straight away | asap | at once | promptly | in real time | live | in the background
        from now on | from now | starting now | from here on | as of right now | for now
        for the time being | for a while | for a bit | a while | for a little while | a moment
        for a moment | for me | for us | to me | to us | with me | on me | of me | for my sake
        until i say so/otherwise/stop | till i say so/stop
        until i tell you [to/otherwise] [stop] | until further notice | until told otherwise
        until i say otherwise | for as long as possible | as long as possible | as long as you can
        the entire time | the whole time | throughout the day | during the day | at night
        during the night | in the night | round the clock | around the clock | day and night
        night and day | every now and then | now and then | generally | overall | usually
        typically | normally | normal | within normal limits | in the normal range | in range
        ok right now | fine | in [his/her/their/my] sleep | asleep | awake | what so ever
        whatsoever | somehow | anyhow | anyway | by the way | btw | for example | too | as well
        even | though | especially | mainly | mostly | exactly right now | accurately | precisely
        properly | together | alone | personally | automatically | manually | locally | roughly
        approximately | about right | around | nearly | almost | i mean | you know | i say
        listen | look here | say | right then | go on | come on | go ahead | go ahead and
        feel free to | be sure to | make sure to | make sure you | make sure that you | make sure
        don not forget to | do not forget to | remember to | try to | try and | help me
        help me to | help | assist me in | offer | provide me with | provide | provides | supply
        with the help of | using the sensors/sensor/speaker/microphone | using sensors
        with the sensors/sensor/speaker/microphone | through the speaker | via the speaker
        by the speaker | on my phone please | thank | that 's all | that is all | that will be all
        if you will | please and thank you | there 's a good | good morning | good evening
        good night | good afternoon | sorry | excuse me | pardon | pardon me | haha | lol
        at any time | at some point | by any chance | perchance | any chance you could/can
        any chance to | is there a way to | is there any way to | is there any way you could
        is there a chance you could | there is | there are | is there | are there | there 's
        there has been | there was | in my case | for real | all good | or not | or something
        or so | or anything | if any | if at all | first | firstly | next please | second of all
        soon | later | sometime | once more | once again | one more time | once in a while
        all at once | job | task | service | feature | function | process | session | system
        program | tool | mode | everything ok with | everything okay with | going up or down
        like | likes | alike | amount | amount of | number of | lots of | a lot of | a lot | lot
        much | many | most | kinds | types | type | type of | kind | sort | and so | you know what
        hereby | request that you | i request that you | we request that you | i ask that you
        i beg you to | i implore you to | i urge you to | if you would be so kind
        i should like [you] [to] | we should like [you] [to] | should like to | i would have you
        i would be obliged if you would/could | i would be much obliged if you would/could
        i would really/very/truly/so [much] appreciate [it] [if you could/would] | appreciate
        we would appreciate [it] [if you could/would] | it would be appreciated if you could/would
        i wish to have | i wish | we wish to | would you please | would you kindly | might you
        might we | if i may | if i could | if i might | may we | ensure [that] [you] | ensure i am
        see to it that [you] | see to it | make certain [that] [you] | be certain to
        do make sure | do please | do kindly | request | i request | requesting | require
        i require | we require | i am requesting | i ask for | i am looking to | i am hoping to
        i am hoping you can/could | i hope you can/could | i was hoping you could/would
        hoping you could/can | i am trying to | i was thinking you could | how about we
        can we do | could we do | we could do with | i could do with | let us do | let us have
        shall i | active | running | existing | full | complete | entire | whole | personal
        own personal | automatic | automated | in progress | pending | for today | for tonight
        for this evening | for the moment | for this morning | for this afternoon | for me please
        of the day | as usual please | bruh | fam | sis | dawg | man please | boss | chief
        darling | sweetheart | honey | hun | my good man | sweetie | babe | champ | mister | mr
        miss | mrs | ms | madam | old friend | hey you | oi | howdy | hiya | greetings | good day
        yup | yep | aye | nah | welp | erm | uhm | umm | uhh | hmmm | ahem | like so
        i mean to say | let me think | let us say | say about | or thereabouts | give or take
        more or less | to be exact | sharp | at this time of day | in due course | at the earliest
        without delay | forthwith | henceforth | straightaway | pronto | immediately please
        on the double | in a hurry | quick as you can | as quickly as you can | as best you can
        to the best of your ability | in whatever way | for the foreseeable future
        until i return | until later | until i am back | for the meantime | just for today
        just for now | just in case please | in secret | on the quiet | on the side | in silence
        in peace | for fun | for science | for my own good | for safety | to be safe
        to be on the safe side | just to be safe | to be sure | just to be sure | for certain
        please do | please do so | if that makes sense | if that works | if you are able [to]
        where possible | when possible | once you can | same as before | like before
        like last time | as before | as always | as ever | again please | for once | this once
        this time | this one time | a wee bit | a tiny bit | rather a lot | a great deal | such a
        so very | ever so | that much | this much | hella | lowkey | low key | highkey | kinda
        i reckon | i figure | i gather | i take it | it seems | it appears | apparently
        my/the/our doctor/gp/nurse/cardiologist/therapist/coach wants/asked/told me/us/you to
        my/the/our doctor/gp/nurse/cardiologist/therapist/coach said/says to | for long
        it 's/is [very/really] important [that] you | longest
        compared to/with normal/usual/average/before | all morning/afternoon/evening/week/weekend
        for the evening/afternoon/morning/week/month
        than earlier | every so often
        from time to time
        at regular intervals
        every couple of minutes/hours | i asked [you] for | that i asked [you] for
        i set up earlier
        once every | ~settle
        for the rest of the/my day/evening/night/morning/afternoon/week
        over the course of the/my day/evening/night/morning/afternoon/week | presumably | beating
        pumping | unreliable | imprecise
        [please/kindly] do the needful [and] | wee | yaar | bhai | dearie | lass | lassie | laddie
        cobber | sucks | suck | stinks | rubbish | useless | crap | fair dinkum | ken | och
        i am wanting/needing [you] [to] | be so kind to | fr | ngl | tbh | innit
        i would be [so/very/really/ever] [so] grateful/glad/happy/obliged if you [would/could]
        i would feel [much/lots] better/safer/happier/easier/calmer/reassured if you [would/could]
        i would sleep [much/lots] better/easier/sounder if you [would/could]
        it would put my mind at rest/ease if you [would/could]
        please/kindly be | at the minute | at the mo | sometimes | often | half the time
        most of the time
        my/our mum/mom/mother/dad/father/wife/husband/partner wants/asked/told/wanted/made me/us to
        my/our son/daughter/sister/brother wants/asked/told/wanted/made me/us to
        it would be a weight/load off my mind if you [would/could]
        may/might/can/could i trouble/bother/ask you to | sorry to bother/trouble/disturb you [but]
        any chance of [you] | we should | we ought to | we had better | you had better
        you ought to | i think we should | anywhere near | working day
        over the day/morning/afternoon/evening/weekend/week
        the/my/our doctor/nurse/gp/carer/mum/mom/dad wants/needs/asked to know
        doctor/nurse/gp wants/needs/asked to know
        no worries | no dramas | ta very much | ta love | bless you
    """,
}
