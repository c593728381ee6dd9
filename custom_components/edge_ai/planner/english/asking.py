"""English words of requests: how people ask."""

from __future__ import annotations

from ..lexicon import Kind, Table

ASKING: Table = {
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
        can i get | can i have | could i get/have | can/could we have/get | may i have | may i know
        might i know | may i ask
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
        any change in | any changes in | any problem/problems/issue/issues with | any trouble with
        is all well with | is there anything wrong/off/odd/strange with | is anything wrong with
        grab | grab me | hand me | get a look at | have a glance at | glance at | peek at
        take a peek at | peep at | take a reading of | do a check on/of | perform a check of
        spot check [on] | run a check of | examine for me | inspect | ~inspect | status of
        state of | status report on | update on | an update on | news on | news about | word on
        lowdown on | the lowdown on | scoop on | the scoop on | the state of | the status of
        what does look like | what do we have for | what have you got for/on
        what do you have for/on | got a reading on | could you say | can you say | are you seeing
        do you see | do you notice | can you make out | would you know
        tell us how/what/if/whether | say how/what/whether | enlighten me about/on/as to
        any sign/signs/trace/hint of | can/could you sense/detect | do you sense/detect
        are you sensing/detecting | is it true/correct/right that | is it the case that | describe
        ~describe | how deep/deeply
        ask as to/about/after | ask | request | take/taking my/his/her/the
        you know if/whether/how | do you reckon | list | scan | look if/whether
        what 's going on with | what 's happening with | what 's up with
        have/take a peek/look/glance if/whether/at | where are we [at] with
        where do we stand with/on | where do i stand with
        what 's the story with/on | is there any/a chance [that] [there] [is/are]
        any chance [that] [there] [is/are]
        what are the chances [that] | what is the chance [that]
    """,
    (Kind.AUXILIARY, None): """
        is | are | am | was | were | does | do | did | has | have | had | been | being | be | 's
        is/are/was there | has there been | isn not | re
    """,
}
